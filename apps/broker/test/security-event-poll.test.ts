import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventToken, stream } from './event-token.ts';
import { createFakeIdp, refusal } from './fake-idp.ts';
import { createFixture, noon } from './fixture.ts';
import { createLoggedIn, ended } from './logged-in.ts';
import { brokerSettings, mcp } from './settings.ts';

const issuer = 'https://idp.example/acme';
const endpoint = `${issuer}/ssf/poll`;
const registration = {
  client_id: 'mcp-broker',
  method: 'client_secret_basic',
  secret: { value: 'of the broker' },
};

/** Two identity providers, of which one has a stream of events that waits to be fetched. */
function createTransmitter() {
  const now = () => noon * 1000;
  const registrations = { [mcp]: 'acme: mcp', 'mcp-broker': 'of the broker' };
  const acme = createFakeIdp(issuer, registrations, now);
  const globex = createFakeIdp('https://idp.example/globex', {}, now);
  const waiting = new Map<string, string>();
  const asked: { url: string; authorization: string | null; ack: readonly string[]; setErrs: object }[] = [];
  const poll = (url: string, init?: RequestInit) => {
    const { ack, setErrs } = JSON.parse(String(init?.body));
    asked.push({ url, authorization: new Headers(init?.headers).get('authorization'), ack, setErrs });
    for (const id of [...ack, ...Object.keys(setErrs)]) waiting.delete(id);
    return Response.json({ sets: Object.fromEntries(waiting), moreAvailable: false });
  };
  const withStream: typeof acme = {
    ...acme,
    fetch: async (url, init) =>
      String(url).includes('/ssf/') ? poll(String(url), init) : acme.fetch(url, init),
  };
  return {
    idps: { acme: withStream, globex },
    asked,
    waiting,
    /** Puts an event into the stream; answers its name. */
    async emit(jti: string, claims: object = {}) {
      waiting.set(jti, await eventToken(acme, { jti, ...claims }));
      return jti;
    },
  };
}

/** Settings of the issuers in which this one has these ways of being polled. */
async function issuersPolledBy(poll: object): Promise<readonly object[]> {
  const settings = await brokerSettings(issuer, 'https://idp.example/globex');
  const [acme, ...others] = settings.issuers as readonly object[];
  return [
    { ...acme, security_events: { audiences: [stream], poll: { endpoint, interval_seconds: 1, ...poll } } },
    ...others,
  ];
}

async function setUp(poll: object = { client: registration, scopes: ['ssf.read'] }) {
  const transmitter = createTransmitter();
  const fixture = await createLoggedIn({
    beside: transmitter.idps,
    config: { issuers: await issuersPolledBy(poll) },
  });
  onTestFinished(() => fixture.app.close());
  return { ...fixture, ...transmitter, listen: () => fixture.app.listen({ host: '127.0.0.1', port: 0 }) };
}

describe('security events that are fetched (RFC 8936)', () => {
  it(verifies('tb:revocation', 'end what they are about, and are acknowledged when they have'), async () => {
    const { listen, emit, asked, waiting, exchanged, alice, aliceElsewhere, acme } = await setUp();
    expect([await exchanged(alice), await exchanged(aliceElsewhere)]).toEqual(['issued', 'issued']);
    await emit('of session 1');
    expect(asked).toEqual([]);
    await listen();
    await expect.poll(() => waiting.size, { timeout: 10_000 }).toBe(0);
    expect([await exchanged(alice), await exchanged(aliceElsewhere)]).toEqual([ended, 'issued']);
    expect(asked.at(-1)).toMatchObject({ url: endpoint, ack: ['of session 1'], setErrs: {} });
    const grants = acme.requests.filter(({ form }) => form.get('grant_type') === 'client_credentials');
    expect(grants.map(({ clientId, form }) => [clientId, form.get('scope')])).toEqual([
      ['mcp-broker', 'ssf.read'],
    ]);
    expect(asked.every(({ authorization }) => authorization?.startsWith('Bearer ey'))).toBe(true);
  });

  it(verifies('tb:revocation', 'that will never be taken are told so, and change nothing'), async () => {
    const { listen, emit, asked, waiting, exchanged, alice } = await setUp({
      token: { value: 'given-to-us' },
    });
    await emit('for another', { aud: 'other' });
    await emit('by another name', { jti: 'own name' });
    await emit('by the other issuer', { iss: 'https://idp.example/globex' });
    await listen();
    await expect.poll(() => waiting.size, { timeout: 10_000 }).toBe(0);
    const codes = Object.entries(asked.at(-1)?.setErrs ?? {}).map(([id, { err }]) => [id, err]);
    expect([asked.at(-1)?.ack, codes]).toEqual([
      [],
      [
        ['for another', 'invalid_audience'],
        ['by another name', 'invalid_request'],
        ['by the other issuer', 'invalid_issuer'],
      ],
    ]);
    expect(asked.at(-1)?.authorization).toBe('Bearer given-to-us');
    expect(await exchanged(alice)).toBe('issued');
  });

  it(
    verifies('tb:revocation', 'are not acknowledged while they cannot be checked, and are acted on later'),
    async () => {
      const { listen, emit, asked, waiting, exchanged, alice, acme, time } = await setUp({
        token: { value: 'x' },
      });
      await emit('of session 1');
      acme.faults.set('error', '/jwks');
      await listen();
      await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThan(1);
      expect(asked.every(({ ack }) => ack.length === 0)).toBe(true);
      acme.faults.set(undefined, '/jwks');
      time.now += 60;
      await expect.poll(() => waiting.size, { timeout: 20_000 }).toBe(0);
      expect(await exchanged(alice)).toBe(ended);
    },
  );

  it(verifies('tb:retry', 'are asked for again when the issuer gives no token for it'), async () => {
    const { listen, emit, waiting, acme, log } = await setUp();
    await emit('of session 1');
    acme.answerWith(() => refusal(401, 'invalid_client'));
    await listen();
    await expect.poll(() => log.join(''), { timeout: 10_000 }).toContain('security events cannot be fetched');
    acme.answerWith(undefined);
    await expect.poll(() => waiting.size, { timeout: 10_000 }).toBe(0);
  });

  it(
    verifies(
      ['op:secrets', 'tb:health'],
      'are asked for as a changed configuration says, and no more at the end',
    ),
    async () => {
      const { app, listen, asked, reload, log, audit } = await setUp({ token: { value: 'first-secret' } });
      await listen();
      await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThan(0);
      reload({ issuers: await issuersPolledBy({ token: { value: 'second-secret' } }) });
      await expect.poll(() => asked.at(-1)?.authorization, { timeout: 10_000 }).toBe('Bearer second-secret');
      const after = asked.findIndex(({ authorization }) => authorization === 'Bearer second-secret');
      await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThan(after + 1);
      expect(asked.slice(after).every(({ authorization }) => authorization === 'Bearer second-secret')).toBe(
        true,
      );
      await app.close();
      const last = asked.length;
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect(asked).toHaveLength(last);
      expect([...log, ...audit].join('\n')).not.toMatch(/(first|second)-secret/);
    },
  );
});

it.skipIf(!redisAvailable())(
  verifies('tb:revocation', 'of the replicas on one Redis one asks for events, and another when that ends'),
  // A replica that is starved for longer than its lease lives may lose its turn, by design.
  { retry: 2, timeout: 60_000 },
  async () => {
    const redis = await startRedis();
    onTestFinished(redis.stop);
    const { idps, asked } = createTransmitter();
    const time = { now: Math.floor(Date.now() / 1000) };
    /** A replica that is told from the other by what it shows. */
    const startReplica = async (value: string) => {
      const issuers = await issuersPolledBy({ token: { value } });
      const seal = { keys: { value: Buffer.alloc(32, 5).toString('base64') } };
      const config = { issuers, seal, cache: { url: redis.url } };
      const { app } = await createFixture({ time, beside: idps, config });
      onTestFinished(() => app.close());
      await app.listen({ host: '127.0.0.1', port: 0 });
      return app;
    };
    const askers = () => asked.map(({ authorization }) => authorization);
    const first = await startReplica('one');
    await expect.poll(askers, { timeout: 20_000 }).toContain('Bearer one');
    await startReplica('two');
    const since = asked.length;
    await expect.poll(() => asked.length, { timeout: 20_000 }).toBeGreaterThan(since + 2);
    expect(new Set(askers())).toEqual(new Set(['Bearer one']));
    await first.close();
    await expect.poll(() => askers().at(-1), { timeout: 20_000 }).toBe('Bearer two');
  },
);
