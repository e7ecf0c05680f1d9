import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createFixture, type Fixture, type FixtureOptions, type Form, noon } from './fixture.ts';

const redis = redisAvailable() ? await startRedis() : undefined;
if (redis === undefined) noRedis();
const stores = [
  { store: 'memory', config: {} },
  ...(redis ? [{ store: 'Redis', config: redisConfig(redis.url) }] : []),
];
const open: Fixture[] = [];

afterEach(async () => {
  for (const fixture of open.splice(0)) await fixture.app.close();
});
afterAll(() => redis?.stop());

/** Without Redis half of this file proves nothing, so it says so. */
function noRedis(): void {
  if (process.env.CI === 'true') throw new Error('There is no redis-server on the PATH; install it.');
  describe.skip('with a cache in Redis: there is no redis-server on the PATH', () =>
    it('is not tried', () => {}));
}

function redisConfig(url: string): Readonly<Record<string, unknown>> {
  return { cache: { url }, seal: { keys: { value: Buffer.alloc(32, 5).toString('base64') } } };
}

/** Redis counts real time, so the broker's clock stands at it. */
async function started(options: FixtureOptions): Promise<Fixture> {
  const fixture = await createFixture({ time: { now: Math.floor(Date.now() / 1000) }, ...options });
  open.push(fixture);
  await ready(fixture);
  return fixture;
}

async function ready({ app }: Fixture): Promise<void> {
  const state = async () => (await app.inject('/ready')).json().status;
  await expect.poll(state, { timeout: 3000 }).toBe('ready');
}

// A Redis that is starved for 100 ms on a busy machine is a miss by design: such a test is tried again.
describe.for(stores)('with a cache in $store', { retry: 2 }, ({ config }) => {
  it(
    verifies(
      ['tb:cache-ttl', 'tb:cache-key'],
      'a second request is a hit: one call of the issuer, and less time',
    ),
    async () => {
      const { exchange, subject, acme, time } = await started({ config });
      const subject_token = await subject();
      const first = await exchange({ subject_token });
      time.now += 100;
      const second = await exchange({ subject_token });
      expect(acme.requests).toHaveLength(1);
      expect(second.json()).toEqual({ ...first.json(), expires_in: 200 });
    },
  );

  it(verifies('tb:cache-key', 'K04: the order of scopes makes no difference'), async () => {
    const { exchange, subject, acme } = await started({ config });
    const subject_token = await subject({ scope: 'expenses:read expenses:write' });
    await exchange({ subject_token, scope: 'api:expenses.read api:expenses.write' });
    await exchange({ subject_token, scope: 'api:expenses.write  api:expenses.read' });
    expect(acme.requests).toHaveLength(1);
  });

  it(verifies('tb:cache-key', 'whatever decides the answer makes a difference'), async () => {
    const { exchange, subject, acme } = await started({ config });
    const scope = 'expenses:read expenses:write';
    const alice = await subject({ scope });
    const actor_token = await acme.mint({ sub: 'agent-7', aud: 'https://mcp.example/mcp' });
    const actor_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    const different: readonly Form[] = [
      { subject_token: alice },
      { subject_token: alice, scope: 'api:expenses.write' },
      { subject_token: alice, scope: '' },
      { subject_token: await subject({ scope }) },
      { subject_token: await subject({ scope, sub: 'user-bob' }) },
      { subject_token: alice, actor_token, actor_token_type },
    ];
    for (const form of different) expect((await exchange(form)).statusCode).toBe(200);
    expect(acme.requests).toHaveLength(different.length);
    for (const form of different) await exchange(form);
    expect(acme.requests).toHaveLength(different.length);
  });

  it(
    verifies('tb:cache-ttl', 'K06: a token near its end, or beyond the subject’s, is fetched anew'),
    async () => {
      const { exchange, subject, acme, time } = await started({ config });
      const subject_token = await subject({ exp: time.now + 100 });
      expect((await exchange({ subject_token })).json().expires_in).toBe(100);
      time.now += 79;
      await exchange({ subject_token });
      expect(acme.requests).toHaveLength(1);
      time.now += 2;
      expect((await exchange({ subject_token })).json().expires_in).toBe(19);
      expect(acme.requests).toHaveLength(2);
    },
  );

  it(
    verifies('tb:cache-key', 'K09: a claims challenge passes the cache by and replaces the entry'),
    async () => {
      const { exchange, subject, acme } = await started({ config });
      const subject_token = await subject();
      const first = await exchange({ subject_token });
      const fresh = await exchange({ subject_token, claims: '{"access_token":{"nbf":{"essential":true}}}' });
      expect(fresh.json().access_token).not.toBe(first.json().access_token);
      expect(acme.requests.at(-1)?.form.get('claims')).toBe('{"access_token":{"nbf":{"essential":true}}}');
      expect((await exchange({ subject_token })).json().access_token).toBe(fresh.json().access_token);
      expect(acme.requests).toHaveLength(2);
    },
  );

  it('identical requests at the same moment share one call', async () => {
    const { exchange, subject, acme } = await started({ config });
    const subject_token = await subject();
    const all = await Promise.all(Array.from({ length: 20 }, () => exchange({ subject_token })));
    expect(new Set(all.map((response) => response.json().access_token)).size).toBe(1);
    expect(acme.requests).toHaveLength(1);
  });

  it(verifies('tb:cache-key', 'K01: users never get each other’s token'), async () => {
    const { exchange, subject } = await started({ config });
    const users = await Promise.all(
      ['user-a', 'user-b'].map(async (sub) => ({ sub, token: await subject({ sub }) })),
    );
    const rounds = Array.from({ length: 200 }, (_, index) => users[index % 2] ?? { sub: '', token: '' });
    const seen = await Promise.all(
      rounds.map(async ({ sub, token }) => {
        const [, payload = ''] = (await exchange({ subject_token: token })).json().access_token.split('.');
        return JSON.parse(Buffer.from(payload, 'base64url').toString()).sub === sub;
      }),
    );
    expect(seen.every(Boolean)).toBe(true);
  });
});

describe.skipIf(redis === undefined)('two brokers on one Redis', () => {
  const config = redisConfig(redis?.url ?? '');

  it('share what one of them fetched, and nothing in Redis can be read', async () => {
    const first = await started({ config });
    const second = await started({ config, beside: first });
    const subject_token = await first.subject({ sub: 'user-shared' });
    const token = (await first.exchange({ subject_token })).json().access_token;
    expect((await second.exchange({ subject_token })).json().access_token).toBe(token);
    expect(first.acme.requests).toHaveLength(1);
    const store = new Redis(redis?.url ?? '');
    const keys = (await store.keys('*')).filter((key) => key.includes(':e:'));
    const values = await Promise.all(keys.map((key) => store.getBuffer(key)));
    store.disconnect();
    expect(keys.length).toBeGreaterThan(0);
    const text = `${keys.join()} ${values.map((value) => value?.toString('latin1')).join()}`;
    for (const secret of [...token.split('.'), 'user-shared', 'api:expenses'])
      expect(text).not.toContain(secret);
  });
});

describe('without its Redis', () => {
  it(verifies('tb:health', 'F01: the broker starts, says it is degraded, and asks the issuer'), async () => {
    const fixture = await createFixture({ config: redisConfig('redis://127.0.0.1:1'), time: { now: noon } });
    open.push(fixture);
    const response = await fixture.app.inject('/ready');
    expect([response.statusCode, response.json().status]).toEqual([200, 'degraded']);
    const subject_token = await fixture.subject();
    for (const round of [1, 2]) {
      expect((await fixture.exchange({ subject_token })).statusCode).toBe(200);
      expect(fixture.acme.requests).toHaveLength(round);
    }
    expect((await fixture.app.inject('/health')).json()).toEqual({ status: 'ok' });
  });
});
