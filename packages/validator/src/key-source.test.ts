import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, noon, setUp } from '../test/platform.ts';

/** Lets what runs in the background come to its end. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
const longLived = { exp: noon + 3600 };

describe('keys', () => {
  it(verifies('rs:jwks-ttl', 'are fetched once for five minutes'), async () => {
    const { idp, outcome, clock, fetches } = setUp();
    for (const seconds of [0, 100, 100, 39]) {
      clock.advance(seconds);
      expect(await outcome(await idp.mint())).toBe('user-1');
    }
    await settle();
    expect(fetches()).toBe(1);
  });

  it(
    verifies('rs:jwks-ttl', 'are renewed in the background before they expire, and nobody waits'),
    async () => {
      const { idp, outcome, clock, fetches, events } = setUp();
      await outcome(await idp.mint());
      clock.advance(240);
      idp.faults.set('hang');
      expect(await outcome(await idp.mint())).toBe('user-1');
      expect(fetches()).toBe(2);
      expect(events.filter(({ type }) => type === 'jwks_refresh')).toMatchObject([{ trigger: 'initial' }]);
    },
  );

  it(verifies('rs:jwks-ttl', 'are not used beyond their time without asking for newer ones'), async () => {
    const { idp, outcome, clock } = setUp();
    const old = await idp.mint(longLived);
    await outcome(old);
    idp.rotate({ keep: false });
    clock.advance(301);
    expect(await outcome(old)).toBe('401 unknown_key');
  });

  it(verifies('rs:jwks-ttl', 'last as long as configured'), async () => {
    const { idp, outcome, clock, fetches } = setUp({}, { jwks: { ttl: 10 } });
    await outcome(await idp.mint());
    clock.advance(10);
    await outcome(await idp.mint());
    expect(fetches()).toBe(2);
  });

  it(verifies('rs:jwks-rotation', 'with a new kid are found by one forced fetch'), async () => {
    const { idp, outcome, fetches, events } = setUp();
    await outcome(await idp.mint());
    idp.rotate({ keep: true });
    expect(await outcome(await idp.mint())).toBe('user-1');
    expect(fetches()).toBe(2);
    expect(events).toContainEqual(expect.objectContaining({ type: 'jwks_refresh', trigger: 'forced' }));
  });

  it(verifies('rs:jwks-rotation', 'that reuse a kid are found when the signature fails'), async () => {
    const { idp, outcome, clock } = setUp();
    const old = await idp.mint();
    await outcome(old);
    clock.advance(1);
    idp.rotate({ keep: false, kid: 'key-1' });
    expect(await outcome(await idp.mint())).toBe('user-1');
    expect(await outcome(old)).toBe('401 signature');
  });

  it.each([
    ['an unknown kid', {}],
    ['a kid that was used again', { kid: 'key-1' }],
  ])(
    verifies('rs:jwks-rotation', 'that may be new get 503 and not 401 while the cooldown lasts: %s'),
    async (_, rotation) => {
      const { idp, outcome, validator, clock, fetches } = setUp();
      await outcome(await idp.mint());
      await outcome(await idp.mint({}, { header: { kid: 'nonsense' } }));
      expect(fetches()).toBe(2);
      clock.advance(10);
      idp.rotate({ keep: false, ...rotation });
      const token = await idp.mint();
      await expect(validator.validate(bearer(token))).rejects.toMatchObject({
        code: 'temporarily_unavailable',
        status: 503,
        retryAfter: 20,
      });
      expect(fetches()).toBe(2);
      clock.advance(20);
      expect(await outcome(token)).toBe('user-1');
    },
  );

  it.each([
    ['an unknown kid may be new', {}, '503 keys_unavailable'],
    ['a kid that was used again is far more likely forged', { kid: 'key-1' }, '401 signature'],
  ])(
    verifies('rs:jwks-rotation', 'of an issuer whose clock is behind ours: %s'),
    async (_, rotation, expected) => {
      const { idp, outcome } = setUp();
      await outcome(await idp.mint());
      await outcome(await idp.mint({}, { header: { kid: 'nonsense' } }));
      idp.rotate({ keep: false, ...rotation });
      expect(await outcome(await idp.mint({ iat: noon - 20 }))).toBe(expected);
    },
  );

  it(
    verifies('rs:jwks-rotation', 'cannot be new for a token that is older than ours: 401 at once'),
    async () => {
      const { idp, outcome, clock } = setUp();
      const forger = createTestIssuer({ ownKey: true, issuer: idp.issuer, alg: 'ES256', now: clock.now });
      const forged = [
        await forger.mint(),
        await forger.mint(),
        await forger.mint({}, { header: { kid: 'x' } }),
      ];
      clock.advance(60);
      await outcome(await idp.mint());
      for (const token of forged) expect(await outcome(token)).toMatch(/^401/);
    },
  );

  it(
    verifies('rs:jwks-cooldown', 'are fetched once for a flood of unknown kids, then once per 30 s'),
    async () => {
      const { idp, outcome, clock, fetches } = setUp();
      await outcome(await idp.mint());
      const flood = async () => {
        const tokens = await Promise.all(
          Array.from({ length: 200 }, (_, index) => idp.mint({}, { header: { kid: `flood-${index}` } })),
        );
        const outcomes = await Promise.all(tokens.map(outcome));
        expect(outcomes.filter((one) => one === 'user-1')).toEqual([]);
      };
      await flood();
      clock.advance(29);
      await flood();
      expect(fetches()).toBe(2);
      clock.advance(1);
      await flood();
      expect(fetches()).toBe(3);
      expect(await outcome(await idp.mint())).toBe('user-1');
    },
  );

  it(verifies('rs:jwks-cooldown', 'are fetched once for a flood that meets a cold start'), async () => {
    const { idp, outcome, fetches } = setUp();
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, index) => idp.mint({}, { header: { kid: `${index}` } })),
    );
    expect(new Set(await Promise.all(tokens.map(outcome)))).toEqual(new Set(['401 unknown_key']));
    expect(fetches()).toBe(1);
  });

  it('that are left out are reported once, and again when the set changes', async () => {
    const lines: string[] = [];
    const log = { info: () => {}, warn: (_: object, message: string) => lines.push(message) };
    const { idp, outcome, clock, events } = setUp({}, { log });
    idp.publish([idp.key.jwk, { ...idp.key.jwk, kid: 'enc', use: 'enc' }]);
    await outcome(await idp.mint());
    clock.advance(300);
    await outcome(await idp.mint());
    expect(events.filter(({ type }) => type === 'jwks_key_left_out')).toEqual([
      { type: 'jwks_key_left_out', issuer: idp.issuer, kid: 'enc', problem: 'not_for_signatures' },
    ]);
    expect(lines).toEqual(['a published key is left out']);
  });

  it('are found by discovery, which is asked again after a failure', async () => {
    const { idp, outcome, clock } = setUp({ jwksUri: undefined as never }, { jwks: { ttl: 10 } });
    await outcome(await idp.mint());
    clock.advance(10);
    await outcome(await idp.mint());
    const metadata = '/.well-known/oauth-authorization-server';
    expect(idp.requests.get(metadata)).toBe(1);
    idp.faults.set('error', '/jwks');
    clock.advance(10);
    await outcome(await idp.mint());
    idp.faults.set(undefined, '/jwks');
    clock.advance(10);
    expect(await outcome(await idp.mint())).toBe('user-1');
    expect(idp.requests.get(metadata)).toBe(2);
  });

  it('are not fetched after the validator was closed', async () => {
    const { idp, outcome, validator, fetches } = setUp();
    validator.close();
    expect(await outcome(await idp.mint())).toBe('503 keys_unavailable');
    expect(fetches()).toBe(0);
  });

  it('do not hold a request for ever when fetch does not watch its signal', async () => {
    const { idp, outcome } = setUp({}, { fetch: () => new Promise(() => {}), jwks: { timeout: 0.02 } });
    expect(await outcome(await idp.mint())).toBe('503 keys_unavailable');
  });
});
