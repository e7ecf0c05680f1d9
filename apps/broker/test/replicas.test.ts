import { randomUUID } from 'node:crypto';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { SignJWT } from 'jose';
import { afterAll, expect, it } from 'vitest';
import { createFixture, type Fixture } from './fixture.ts';
import { broker, clientKey } from './settings.ts';

const redis = redisAvailable() ? await startRedis() : undefined;
const open: Fixture[] = [];
afterAll(async () => {
  for (const { app } of open) await app.close();
  await redis?.stop();
});

async function replica(time: { now: number }): Promise<Fixture> {
  const seal = { keys: { value: Buffer.alloc(32, 5).toString('base64') } };
  const fixture = await createFixture({ time, config: { cache: { url: redis?.url }, seal } });
  open.push(fixture);
  await expect
    .poll(async () => (await fixture.app.inject('/ready')).json().status, { timeout: 3000 })
    .toBe('ready');
  return fixture;
}

it.skipIf(redis === undefined)(
  verifies(
    'tb:client-auth',
    'X14: of the replicas on one Redis, one alone takes a client assertion, and once',
  ),
  // A Redis that is starved for 100 ms on a busy machine cannot know, by design: tried again.
  { retry: 2 },
  async () => {
    const time = { now: Math.floor(Date.now() / 1000) };
    const replicas = [await replica(time), await replica(time), await replica(time)];
    const client_assertion = await new SignJWT({
      iss: 'keys-server',
      sub: 'keys-server',
      aud: broker,
      jti: randomUUID(),
    })
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime(time.now + 60)
      .sign(clientKey.privateKey);
    const form = {
      grant_type: 'client_credentials',
      audience: 'expenses-api',
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    };
    const answers = await Promise.all(
      replicas.map(({ post }) => post(form, { headers: { authorization: '' } })),
    );
    const errors = answers.map((answer) => answer.json().error);
    expect(errors.toSorted()).toEqual(['invalid_client', 'invalid_client', 'invalid_target']);
  },
);
