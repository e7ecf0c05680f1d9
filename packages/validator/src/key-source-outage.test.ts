import { createGuardedFetch } from '@mcp-obo/metadata';
import { createTestIssuer, type Fault } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { bearer, createClock, issuerConfig, noon, outcomeOf, setUp } from '../test/platform.ts';
import { createValidator } from './index.ts';

/** Lets what runs in the background come to its end. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('keys of an issuer that is down', () => {
  it(
    verifies('rs:jwks-stale', 'go on working for a day while the issuer is down, with an event each time'),
    async () => {
      const { idp, outcome, clock, events } = setUp({ maxLifetime: 200_000 });
      const token = await idp.mint({ exp: noon + 200_000 });
      await outcome(token);
      idp.faults.set('error');
      clock.advance(86_399);
      expect(await outcome(token)).toBe('user-1');
      expect(await outcome(await idp.mint())).toBe('user-1');
      expect(events).toContainEqual({ type: 'jwks_stale', issuer: idp.issuer, ageSeconds: 86_399 });
      clock.advance(1);
      expect(await outcome(token)).toBe('503 keys_unavailable');
      idp.faults.set(undefined);
      clock.advance(30);
      expect(await outcome(token)).toBe('user-1');
    },
  );

  it(
    verifies(
      'rs:jwks-stale',
      'are asked for again less and less often, and nobody waits, while the issuer is down',
    ),
    async () => {
      const { idp, outcome, clock, fetches } = setUp();
      await outcome(await idp.mint());
      idp.faults.set('error');
      clock.advance(300);
      for (let second = 0; second < 120; second += 1) {
        expect(await outcome(await idp.mint())).toBe('user-1');
        await settle();
        clock.advance(1);
      }
      // After 1, 2, 4, 8, 16, then every 30 seconds.
      expect(fetches()).toBeGreaterThan(5);
      expect(fetches()).toBeLessThan(13);
    },
  );

  it(verifies('rs:jwks-unreachable', 'that cannot be had give 503 with Retry-After, never 401'), async () => {
    const { idp, validator, clock, fetches, events } = setUp();
    idp.faults.set('error');
    const token = await idp.mint();
    const unavailable = { status: 503, code: 'temporarily_unavailable', retryAfter: 1 };
    await expect(validator.validate(bearer(token))).rejects.toMatchObject(unavailable);
    await expect(validator.validate(bearer(token))).rejects.toMatchObject(unavailable);
    expect(fetches()).toBe(1);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'jwks_refresh', outcome: 'failure', err: expect.any(Error) }),
    );
    idp.faults.set(undefined);
    clock.advance(1);
    expect((await validator.validate(bearer(token))).subject).toBe('user-1');
  });

  it.each([
    ['an empty set', []],
    ['a set of weak keys', [{ kty: 'oct', k: 'c2VjcmV0', kid: 'key-1' }]],
  ])(
    verifies('rs:jwks-unreachable', 'count as unreachable when the issuer publishes %s'),
    async (_, keys) => {
      const { idp, outcome, clock } = setUp();
      idp.publish(keys);
      expect(await outcome(await idp.mint())).toBe('503 keys_unavailable');
      idp.publish(undefined);
      clock.advance(1);
      expect(await outcome(await idp.mint())).toBe('user-1');
    },
  );
});

describe('keys over HTTP', () => {
  const open: (() => Promise<void>)[] = [];
  afterAll(() => Promise.all(open.map((close) => close())));

  async function serve(timeoutMs: number) {
    const clock = createClock();
    const idp = createTestIssuer({ issuer: 'https://idp.example', alg: 'ES256', now: clock.now });
    const server = await idp.serve();
    const fetch = createGuardedFetch({ allowLoopbackHttp: true, timeoutMs });
    open.push(server.close, fetch.close);
    const issuers = [issuerConfig(idp, { jwksUri: server.jwksUri })];
    const validator = createValidator({ issuers, now: clock.now, fetch });
    return { clock, idp, outcome: (token: string) => outcomeOf(validator, token) };
  }

  it('are not fetched from the own network unless a fetch that allows it is handed in', async () => {
    const idp = createTestIssuer({ issuer: 'https://idp.example', alg: 'ES256' });
    const server = await idp.serve();
    const validator = createValidator({ issuers: [issuerConfig(idp, { jwksUri: server.jwksUri })] });
    open.push(server.close, async () => validator.close());
    expect(await outcomeOf(validator, await idp.mint())).toBe('503 keys_unavailable');
    expect(idp.requests.size).toBe(0);
  });

  const faults: readonly [Fault, number][] = [
    ['error', 5000],
    ['hang', 500],
    ['drip', 500],
    ['truncated', 5000],
    ['huge', 5000],
    ['gzip_bomb', 5000],
    ['html', 5000],
    ['redirect', 5000],
  ];

  it.concurrent.each(faults)(
    verifies(
      ['rs:jwks-stale', 'rs:jwks-unreachable'],
      'survive the fault "%s": known ones serve, unknown ones give 503 (M03)',
    ),
    async (fault, timeoutMs) => {
      const warm = await serve(timeoutMs);
      expect(await warm.outcome(await warm.idp.mint())).toBe('user-1');
      warm.idp.faults.set(fault);
      warm.clock.advance(301);
      expect(await warm.outcome(await warm.idp.mint())).toBe('user-1');
      const cold = await serve(timeoutMs);
      cold.idp.faults.set(fault);
      expect(await cold.outcome(await cold.idp.mint())).toBe('503 keys_unavailable');
      cold.idp.faults.set(undefined);
      cold.clock.advance(1);
      expect(await cold.outcome(await cold.idp.mint())).toBe('user-1');
    },
  );
});
