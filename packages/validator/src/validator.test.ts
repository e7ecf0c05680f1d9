import { generic } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, noon, setUp } from '../test/platform.ts';
import { createValidator, refusalMessage } from './index.ts';

describe('a refusal', () => {
  it(
    verifies(
      'rs:invalid-token',
      'says the same to the caller whatever the reason, which events and log have',
    ),
    async () => {
      const log: object[] = [];
      const { idp, validator, events } = setUp(
        {},
        {
          log: { info: (fields) => log.push(fields), warn: () => {} },
        },
      );
      const tokens = [
        'garbage',
        await idp.mint({ exp: 1 }),
        await idp.mint({ aud: 'x' }),
        await idp.mint({ iss: 'x' }),
      ];
      const errors = await Promise.all(
        tokens.map((token) => validator.validate(bearer(token)).catch((error) => error)),
      );
      expect(new Set(errors.map((error) => JSON.stringify([error.status, error.toBody()])))).toEqual(
        new Set([JSON.stringify([401, { error: 'invalid_token', error_description: refusalMessage }])]),
      );
      const known = { issuer: 'https://idp.example', tenant: 'acme' };
      expect(events.filter(({ type }) => type === 'failure')).toEqual([
        { type: 'failure', reason: 'malformed', fault: 'caller' },
        { type: 'failure', reason: 'expired', fault: 'caller', ...known },
        { type: 'failure', reason: 'audience', fault: 'caller', ...known },
        { type: 'failure', reason: 'issuer', fault: 'caller' },
      ]);
      expect(log).toEqual([
        { reason: 'malformed' },
        { reason: 'expired', ...known },
        { reason: 'audience', ...known },
        { reason: 'issuer' },
      ]);
    },
  );

  it(verifies('rs:size', 'comes before any parsing for a token over 8 KiB (R09)'), async () => {
    const { idp, outcome, fetches } = setUp();
    const padded = (length: number) => idp.mint({ padding: 'x'.repeat(length) });
    expect(await outcome('.'.repeat(8193))).toBe('401 too_large');
    expect(await outcome('.'.repeat(8192))).toBe('401 malformed');
    expect(await outcome(await padded(6400))).toBe('401 too_large');
    expect(fetches()).toBe(0);
    expect(await outcome(await padded(5000))).toBe('user-1');
    const small = setUp({}, { maxTokenBytes: 100 });
    expect(await small.outcome(await small.idp.mint())).toBe('401 too_large');
  });

  it('does not fetch keys for a token that is refused anyway', async () => {
    const { idp, outcome, fetches } = setUp();
    await outcome(await idp.mint({ aud: 'x' }));
    await outcome(await idp.mint({ exp: noon - 60 }));
    await outcome('a.b~.c');
    expect(fetches()).toBe(0);
  });

  it('is given to another scheme than Bearer', async () => {
    const { idp, validator } = setUp();
    const credential = { ...bearer(await idp.mint()), scheme: 'DPoP' as const };
    await expect(validator.validate(credential)).rejects.toMatchObject({ reason: 'scheme' });
  });

  it('is 500 and not 401 when the fault is ours', async () => {
    const userKey = () => {
      throw new TypeError('a bug');
    };
    const { idp, outcome, events } = setUp({ profile: { ...generic, token: { ...generic.token, userKey } } });
    expect(await outcome(await idp.mint())).toBe('500 bug');
    expect(events.at(-1)).toMatchObject({ type: 'failure', fault: 'platform' });
  });
});

describe('wrong options', () => {
  const fine = {
    issuer: 'https://idp.example',
    tenant: 'acme',
    profile: 'generic',
    audiences: ['a'],
  } as const;

  it.each([
    ['no issuer', [], 'issuers must name at least one issuer'],
    ['an issuer that is no URL', [{ ...fine, issuer: 'idp' }], 'issuers[0].issuer'],
    ['an issuer twice', [fine, fine], 'more than once'],
    ['no audience', [{ ...fine, audiences: [] }], 'issuers[0].audiences'],
    ['an empty tenant', [{ ...fine, tenant: '' }], 'issuers[0].tenant'],
    [
      'an unknown profile',
      [fine, { ...fine, issuer: 'https://b.example', profile: 'ping' as 'okta' }],
      'issuers[1].profile',
    ],
    ['a symmetric algorithm', [{ ...fine, algorithms: ['HS256'] }], 'issuers[0].algorithms'],
    ['none', [{ ...fine, algorithms: ['none'] }], 'issuers[0].algorithms'],
    ['a life of nothing', [{ ...fine, maxLifetime: 0 }], 'issuers[0].maxLifetime'],
    ['no typ', [{ ...fine, typ: [] }], 'issuers[0].typ'],
    ['a jwksUri that is no URL', [{ ...fine, jwksUri: '/jwks' }], 'issuers[0].jwksUri'],
  ])('stop the start and are named: %s', (_, issuers, message) => {
    expect(() => createValidator({ issuers })).toThrow(message);
  });

  it('are all named at once', () => {
    expect(() => createValidator({ issuers: [{ ...fine, tenant: '', audiences: [] }] })).toThrow(
      /tenant.*audiences/,
    );
    const numbers = { clockTolerance: Number.NaN, jwks: { ttl: 0, maxStale: -1 }, cache: { maxEntries: 0 } };
    expect(() => createValidator({ issuers: [fine], ...numbers })).toThrow(
      'Wrong validator options: jwks.ttl must be a positive number; cache.maxEntries must be a positive number; ' +
        'clockTolerance must be a number from 0 on; jwks.maxStale must be a number from 0 on.',
    );
  });
});
