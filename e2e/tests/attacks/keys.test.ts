import { generateKeyPairSync } from 'node:crypto';
import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { verdict } from './fixture/answers.ts';
import { startResourceServer } from './fixture/resource-server.ts';

const faults = ['error', 'hang', 'drip', 'truncated', 'huge', 'gzip_bomb', 'html', 'redirect'] as const;

// An issuer for each story: their keys and the cooldown of their fetches are their own.
const server = await startResourceServer({
  issuers: ['published', 'rotating', 'reusing', 'flooded', 'down', ...faults].map((tenant) => ({ tenant })),
});
afterAll(server.close);
const earlier = { iat: Math.floor(Date.now() / 1000) - 60 };

describe('published keys', () => {
  const issuer = server.issuerOf('published');
  const { jwk, privateKey } = issuer.key;
  const short = createSigningKey('RS256', 'short', 1024);
  const { n: _modulus, ...withoutModulus } = jwk;
  const smallExponent = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
  const ec = createSigningKey('ES256', 'off-curve');
  // The fingerprint of CVE-2017-15361: a modulus that is a power of 65537 modulo every small prime.
  const roca = 65537n ** 129n;
  const rocaModulus = Buffer.from(
    roca.toString(16).padStart(Math.ceil(roca.toString(16).length / 2) * 2, '0'),
    'hex',
  );
  issuer.publish([
    jwk,
    short.jwk,
    { ...smallExponent.publicKey.export({ format: 'jwk' }), kid: 'e3', alg: 'RS256', use: 'sig' },
    { ...jwk, kid: 'e1', e: 'AQ' },
    { ...jwk, kid: 'roca', n: rocaModulus.toString('base64url') },
    { ...ec.jwk, x: ec.jwk.y },
    { ...privateKey.export({ format: 'jwk' }), kid: 'private', alg: 'RS256', use: 'sig' },
    { kty: 'oct', kid: 'shared', alg: 'HS256', k: Buffer.alloc(32, 1).toString('base64url') },
    { ...jwk, kid: 'twin' },
    { ...jwk, kid: 'twin' },
    { ...jwk, kid: 'encryption', use: 'enc' },
    { ...withoutModulus, kid: 'empty' },
    { ...jwk, kid: undefined },
    [],
  ]);

  it(
    verifies('rs:signature', 'J25 those that are good go on working beside those that are not'),
    async () => {
      expect(await verdict(server, await issuer.mint())).toBe('200 user-1');
      const leftOut = () =>
        server.process
          .output()
          .split('\n')
          .filter((line) => line.includes('"a published key is left out"') && line.endsWith('}'))
          .map((line) => JSON.parse(line))
          .map(({ kid, problem }) => `${kid}: ${problem}`);
      // An answer may be here before the lines that were written before it.
      await expect
        .poll(leftOut, { timeout: 10_000 })
        .toEqual([
          'short: modulus_too_short',
          'e3: exponent',
          'e1: exponent',
          'roca: roca',
          'off-curve: malformed',
          'private: private',
          'shared: symmetric',
          'twin: duplicate_kid',
          'encryption: not_for_signatures',
          'empty: malformed',
          ': no_kid',
          ': not_a_key',
        ]);
    },
  );

  it(
    verifies(['rs:signature', 'rs:alg'], 'J25 a shared secret in the key set verifies nothing'),
    async () => {
      const token = await issuer.mint(
        {},
        { alg: 'HS256', key: Buffer.alloc(32, 1), header: { kid: 'shared' } },
      );
      expect(await verdict(server, token)).toBe('401 alg');
    },
  );
});

describe('keys that change', () => {
  it(
    verifies(
      ['rs:jwks-rotation', 'rs:signature'],
      'J26 a withdrawn key ends cached tokens with the next set of keys',
    ),
    async () => {
      const issuer = server.issuerOf('rotating');
      const old = await issuer.mint(earlier);
      expect(await verdict(server, old)).toBe('200 user-1');
      expect(await verdict(server, old)).toBe('200 user-1');
      issuer.rotate({ keep: false });
      expect(await verdict(server, await issuer.mint())).toBe('200 user-1');
      expect(await verdict(server, old)).toBe('401 unknown_key');
    },
  );

  it(verifies('rs:jwks-rotation', 'J26 also when the new key has the kid of the old'), async () => {
    const issuer = server.issuerOf('reusing');
    const old = await issuer.mint(earlier);
    expect(await verdict(server, old)).toBe('200 user-1');
    issuer.rotate({ keep: false, kid: 'key-1' });
    expect(await verdict(server, await issuer.mint())).toBe('200 user-1');
    expect(await verdict(server, old)).toBe('401 signature');
  });

  it(verifies('rs:jwks-cooldown', 'J26 a flood of unknown kids costs the issuer one fetch'), async () => {
    const issuer = server.issuerOf('flooded');
    expect(await verdict(server, await issuer.mint())).toBe('200 user-1');
    const before = issuer.requests.get('/flooded/jwks') ?? 0;
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, index) => issuer.mint(earlier, { header: { kid: `k-${index}` } })),
    );
    const answers = await Promise.all(tokens.map((token) => server.call(token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect((issuer.requests.get('/flooded/jwks') ?? 0) - before).toBe(1);
  });

  it(
    verifies(
      'rs:jwks-rotation',
      'J26 a key that may be new is waited for: 503 while the cooldown lasts, not 401',
    ),
    async () => {
      const answer = await server.call(await server.issuerOf('flooded').mint({}, { header: { kid: 'new' } }));
      expect(answer.status).toBe(503);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(answer.headers['www-authenticate']).toBeUndefined();
    },
  );
});

describe('an issuer whose keys cannot be had', () => {
  it.each(faults)(
    verifies('rs:jwks-stale', 'M03 %s while keys are cached: known keys go on working'),
    async (fault) => {
      const issuer = server.issuerOf(fault);
      expect(await verdict(server, await issuer.mint())).toBe('200 user-1');
      issuer.faults.set(fault);
      const asked = issuer.requests.get(`/${fault}/jwks`) ?? 0;
      // A kid nobody knows makes the server ask for keys now, not in four minutes.
      const answer = await server.call(await issuer.mint(earlier, { header: { kid: 'unknown' } }));
      expect(answer.status).toBe(401);
      expect(issuer.requests.get(`/${fault}/jwks`)).toBeGreaterThan(asked);
      expect(await verdict(server, await issuer.mint())).toBe('200 user-1');
    },
  );

  it(verifies('rs:jwks-unreachable', 'M03 without any key: 503 with Retry-After, never 401'), async () => {
    const issuer = server.issuerOf('down');
    issuer.faults.set('error');
    const answer = await server.call(await issuer.mint());
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });
});

it(verifies('op:redaction', 'J26 no part of any of these tokens is in log or audit'), () => {
  expect(server.leaks()).toEqual([]);
});
