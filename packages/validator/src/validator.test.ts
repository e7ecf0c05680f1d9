import { generic } from '@mcp-obo/idp-profile';
import { derSignature, publicKeySpellings, type SigningInput, signatureOf } from '@mcp-obo/testbed/forge';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, createClock, issuerConfig, noon, outcomeOf, setUp } from '../test/platform.ts';
import { createValidator, refusalMessage, type ValidatorEvent } from './index.ts';

describe('the signature', () => {
  it.each(['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const)(
    verifies('rs:signature', 'is verified with the issuer’s key for the kid: %s'),
    async (alg) => {
      const { idp, outcome } = setUp({}, {}, { alg });
      expect(await outcome(await idp.mint())).toBe('user-1');
      const stranger = createTestIssuer({ ownKey: true, issuer: idp.issuer, alg, now: () => noon * 1000 });
      expect(await outcome(await stranger.mint())).toBe('401 signature');
    },
  );

  it(verifies('rs:signature', 'covers header and payload'), async () => {
    const { idp, outcome, clock } = setUp();
    const mine = await idp.mint({ sub: 'user-1' });
    const theirs = await idp.mint({ sub: 'user-2' });
    const [header, , signature] = mine.split('.');
    clock.advance(60);
    expect(await outcome(mine)).toBe('user-1');
    expect(await outcome([header, theirs.split('.')[1], signature].join('.'))).toBe('401 signature');
    const otherHeader = Buffer.from('{"kid":"key-1","alg":"ES256","typ":"at+jwt"}').toString('base64url');
    expect(await outcome([otherHeader, ...mine.split('.').slice(1)].join('.'))).toBe('401 signature');
  });

  it.each([
    ['DER instead of r || s', derSignature],
    ['63 bytes', (input: SigningInput) => signatureOf(input).subarray(0, 63)],
    ['65 bytes', (input: SigningInput) => Buffer.concat([signatureOf(input), Buffer.alloc(1)])],
  ])(
    verifies('rs:signature', 'of ES256 is refused as %s without asking for other keys (RFC 7518 §3.4, J08)'),
    async (_, make) => {
      const { idp, outcome, fetches } = setUp();
      const token = await idp.mint();
      await outcome(token);
      const signature = make({ token, privateKey: idp.key.privateKey }).toString('base64url');
      expect(await outcome(`${token.slice(0, token.lastIndexOf('.'))}.${signature}`)).toBe('401 signature');
      expect(fetches()).toBe(1);
    },
  );

  it.each(Object.entries(publicKeySpellings))(
    verifies('rs:alg', 'of HS256 made with the public key as %s is refused (RFC 8725 §3.1, J03)'),
    async (_, spell) => {
      const { idp, outcome } = setUp({}, {}, { alg: 'RS256' });
      const token = await idp.mint({}, { alg: 'HS256', key: spell(idp.key.jwk) });
      expect(await outcome(token)).toBe('401 alg');
    },
  );

  it(verifies('rs:alg', 'is refused when it is absent, or made with an empty key (J02, J04)'), async () => {
    const { idp, outcome } = setUp();
    expect(await outcome(await idp.mint({}, { alg: 'none' }))).toBe('401 malformed');
    expect(await outcome(`${await idp.mint({}, { alg: 'none' })}AA`)).toBe('401 alg');
    const unknown = { header: { kid: 'unknown' }, alg: 'HS256', key: Buffer.alloc(0) };
    expect(await outcome(await idp.mint({}, unknown))).toBe('401 alg');
  });

  it(
    verifies('rs:signature', 'is not looked for without a kid, be there one key or two that fit (J14)'),
    async () => {
      const { idp, outcome, clock } = setUp();
      const header = { kid: undefined };
      expect(await outcome(await idp.mint({}, { header }))).toBe('401 kid');
      idp.rotate({ keep: true });
      clock.advance(300);
      expect(await outcome(await idp.mint())).toBe('user-1');
      expect(await outcome(await idp.mint({}, { header }))).toBe('401 kid');
    },
  );

  it(verifies('rs:alg', 'by PS256 is refused though valid, when the key says RS256 (J06)'), async () => {
    const { idp, outcome } = setUp({ algorithms: ['RS256', 'PS256'] }, {}, { alg: 'RS256' });
    expect(await outcome(await idp.mint({}, { alg: 'PS256' }))).toBe('401 unusable_key');
    idp.publish([{ ...idp.key.jwk, alg: undefined }]);
    const open = setUp({ algorithms: ['RS256', 'PS256'] }, { fetch: idp.fetch });
    expect(await open.outcome(await idp.mint({}, { alg: 'PS256' }))).toBe('user-1');
  });

  it(
    verifies('rs:alg', 'by an algorithm the issuer does not use is refused, whatever the key allows (J05)'),
    async () => {
      const { idp, outcome } = setUp({}, {}, { alg: 'RS256' });
      idp.publish([{ ...idp.key.jwk, alg: undefined }]);
      expect(await outcome(await idp.mint({}, { alg: 'PS256' }))).toBe('401 alg');
      expect(await outcome(await idp.mint({}, { alg: 'RS512' }))).toBe('401 alg');
      expect(await outcome(await idp.mint())).toBe('user-1');
    },
  );

  it(
    verifies('rs:no-embedded-key', 'is never checked with a key the token brings or points to (J10, J11)'),
    async () => {
      const asked: string[] = [];
      const idp = createTestIssuer({ issuer: 'https://idp.example', alg: 'ES256', now: () => noon * 1000 });
      const evil = createTestIssuer({
        issuer: 'https://idp.example',
        alg: 'ES256',
        kid: 'evil',
        now: () => noon * 1000,
      });
      const fetch = (url: string) => {
        asked.push(url);
        return idp.fetch(url);
      };
      const { outcome } = setUp({}, { fetch });
      await outcome(await idp.mint());
      for (const member of [
        { jwk: evil.key.jwk },
        { jku: 'https://evil.example/jwks' },
        { x5u: 'https://evil.example/c' },
      ]) {
        expect(await outcome(await evil.mint({}, { header: member }))).toBe('401 embedded_key');
        expect(await outcome(await idp.mint({}, { header: member }))).toBe('401 embedded_key');
      }
      expect(new Set(asked)).toEqual(new Set(['https://idp.example/jwks']));
    },
  );

  it(
    verifies('rs:signature', 'by a key that was left out is refused, and other keys go on working (J25)'),
    async () => {
      const { idp, outcome } = setUp();
      const weak = createTestIssuer({
        issuer: idp.issuer,
        alg: 'RS256',
        kid: 'weak',
        now: () => noon * 1000,
      });
      idp.publish([
        idp.key.jwk,
        weak.key.jwk,
        { ...weak.key.jwk, kid: 'twin' },
        { ...weak.key.jwk, kid: 'twin' },
      ]);
      expect(await outcome(await idp.mint())).toBe('user-1');
      expect(await outcome(await weak.mint())).toBe('user-1');
      expect(await outcome(await weak.mint({}, { header: { kid: 'twin' } }))).toBe('401 unusable_key');
    },
  );
});

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

describe('the cache of verified tokens', () => {
  it('answers for a token that was verified, without a second look', async () => {
    const { idp, validator, events } = setUp();
    const token = await idp.mint();
    const grant = await validator.validate(bearer(token));
    expect(await validator.validate(bearer(token))).toBe(grant);
    expect(events.filter(({ type }) => type === 'success')).toMatchObject([
      { cached: false },
      { cached: true },
    ]);
  });

  it('never outlives exp', async () => {
    const { idp, outcome, clock, events } = setUp();
    const token = await idp.mint({ exp: noon + 100 });
    await outcome(token);
    clock.advance(99);
    expect(await outcome(token)).toBe('user-1');
    clock.advance(1);
    expect(await outcome(token)).toBe('user-1');
    expect(events.filter(({ type }) => type === 'success')).toMatchObject([
      { cached: false },
      { cached: true },
      { cached: false },
    ]);
    clock.advance(30);
    expect(await outcome(token)).toBe('401 expired');
  });

  it(
    verifies('rs:signature', 'gives up tokens whose key was withdrawn, once the keys were renewed (J26)'),
    async () => {
      const { idp, outcome, clock } = setUp({ maxLifetime: 3600 });
      const token = await idp.mint({ exp: noon + 3600 });
      await outcome(token);
      idp.rotate({ keep: false });
      clock.advance(299);
      expect(await outcome(token)).toBe('user-1');
      await Promise.resolve();
      clock.advance(1);
      expect(await outcome(token)).toBe('401 unknown_key');
    },
  );

  it('goes on when keys were renewed and none was withdrawn', async () => {
    const { idp, outcome, clock, events, fetches } = setUp();
    const token = await idp.mint({ exp: noon + 3600 });
    await outcome(token);
    clock.advance(300);
    await outcome(token);
    expect(fetches()).toBe(2);
    await outcome(token);
    expect(events.filter(({ type }) => type === 'success').at(-1)).toMatchObject({ cached: true });
  });

  it('is what a grant is held by: the same for its token until keys or time take it', async () => {
    const { idp, validator, clock } = setUp({ maxLifetime: 3600 });
    const grant = await validator.validate(bearer(await idp.mint({ exp: noon + 3600 })));
    expect(validator.holds(grant)).toBe(true);
    expect(validator.holds({ ...grant })).toBe(false);
    idp.rotate({ keep: false });
    clock.advance(299);
    validator.holds(grant);
    await Promise.resolve();
    clock.advance(1);
    expect(validator.holds(grant)).toBe(false);
  });

  it('holds no grant from its exp on, and none that was forgotten', async () => {
    const { idp, validator, clock } = setUp({}, { cache: { maxEntries: 1 } });
    const first = await validator.validate(bearer(await idp.mint({ exp: noon + 100 })));
    clock.advance(100);
    expect(validator.holds(first)).toBe(false);
    const second = await validator.validate(bearer(await idp.mint({ exp: noon + 300 })));
    await validator.validate(bearer(await idp.mint({ exp: noon + 300 })));
    expect(validator.holds(second)).toBe(false);
  });

  it('is bounded, and can be switched off', async () => {
    for (const cache of [{ maxEntries: 1 }, false] as const) {
      const { idp, outcome, events } = setUp({}, { cache });
      const [first, second] = [await idp.mint(), await idp.mint()];
      for (const token of [first, second, first]) await outcome(token);
      expect(events.filter(({ type }) => type === 'success')).toMatchObject([
        { cached: false },
        { cached: false },
        { cached: false },
      ]);
    }
  });
});

describe('several issuers', () => {
  const clock = createClock();
  const acme = createTestIssuer({ issuer: 'https://idp.example/acme', alg: 'ES256', now: clock.now });
  const globex = createTestIssuer({ issuer: 'https://idp.example/globex', alg: 'ES256', now: clock.now });
  const globexAudience = 'api://globex';
  const fetch = (url: string) => (url.includes('/acme/') ? acme : globex).fetch(url);
  const events: ValidatorEvent[] = [];
  const validator = createValidator({
    issuers: [
      issuerConfig(acme),
      issuerConfig(globex, { tenant: 'globex', audiences: [globexAudience], scopePrefixes: ['api://g/'] }),
    ],
    now: clock.now,
    fetch,
    onEvent: (event) => events.push(event),
  });
  const outcome = (token: string) => outcomeOf(validator, token);
  const ofGlobex = { aud: globexAudience };

  it(verifies('rs:multi-issuer', 'are told apart by tenant, user and dialect'), async () => {
    const scope = { scope: 'api://g/expenses:read' };
    const grants = [
      await validator.validate(bearer(await acme.mint(scope))),
      await validator.validate(bearer(await globex.mint({ ...ofGlobex, ...scope }))),
    ];
    expect(grants.map(({ tenant, user, scopes }) => ({ tenant, issuer: user?.issuer, scopes }))).toEqual([
      { tenant: 'acme', issuer: 'https://idp.example/acme', scopes: ['api://g/expenses:read'] },
      { tenant: 'globex', issuer: 'https://idp.example/globex', scopes: ['expenses:read'] },
    ]);
    expect(events.filter(({ type }) => type === 'success')).toMatchObject([
      { tenant: 'acme' },
      { tenant: 'globex' },
    ]);
  });

  it(
    verifies(
      ['rs:multi-issuer', 'rs:issuer'],
      'lend each other neither key nor audience, though their kids are equal',
    ),
    async () => {
      expect(acme.key.kid).toBe(globex.key.kid);
      const signedByOther = { key: globex.key.privateKey };
      expect(await outcome(await acme.mint({}, signedByOther))).toBe('401 signature');
      expect(await outcome(await acme.mint(ofGlobex))).toBe('401 audience');
      expect(await outcome(await globex.mint())).toBe('401 audience');
      expect(await outcome(await globex.mint({ ...ofGlobex, iss: acme.issuer }))).toBe('401 audience');
    },
  );

  it(
    verifies('rs:multi-issuer', 'lend each other no cache entry: keys withdrawn by one spoil only its own'),
    async () => {
      const [mine, theirs] = [
        await acme.mint({ exp: noon + 3600 }),
        await globex.mint({ ...ofGlobex, exp: noon + 3600 }),
      ];
      await outcome(mine);
      await outcome(theirs);
      acme.rotate({ keep: false });
      clock.advance(300);
      expect(await outcome(mine)).toBe('401 unknown_key');
      expect(await outcome(theirs)).toBe('user-1');
    },
  );

  it(verifies('rs:multi-issuer', 'fail alone: one that is down does not touch the other'), async () => {
    const down = createValidator({
      issuers: [issuerConfig(acme), issuerConfig(globex, { tenant: 'globex', audiences: [globexAudience] })],
      now: clock.now,
      fetch: (url) => (url.includes('/acme/') ? Promise.reject(new Error('down')) : globex.fetch(url)),
    });
    expect(await outcomeOf(down, await acme.mint())).toBe('503 keys_unavailable');
    expect(await outcomeOf(down, await globex.mint(ofGlobex))).toBe('user-1');
    await expect(down.ready()).rejects.toMatchObject({ status: 503 });
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
