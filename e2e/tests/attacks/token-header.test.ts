import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { derSignature, publicKeySpellings, signatureOf } from '@mcp-obo/testbed/forge';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { verdict } from './fixture/answers.ts';
import { startResourceServer } from './fixture/resource-server.ts';

const server = await startResourceServer({
  issuers: [
    { tenant: 'rsa', alg: 'RS256', settings: { profile: 'generic' } },
    { tenant: 'ec', alg: 'ES256' },
    { tenant: 'open', alg: 'RS256' },
  ],
});
afterAll(server.close);
const rsa = server.issuerOf('rsa');
const ec = server.issuerOf('ec');
const open = server.issuerOf('open');
// As some issuers publish their keys: without `alg`.
open.publish([{ ...open.key.jwk, alg: undefined }]);

// Issued before the server fetched its keys: the key of such a token cannot be new (rs:jwks-rotation).
const earlier = { iat: Math.floor(Date.now() / 1000) - 60 };

const withSignature = (token: string, signature: Buffer | string) =>
  `${token.slice(0, token.lastIndexOf('.'))}.${typeof signature === 'string' ? signature : signature.toString('base64url')}`;

describe('the algorithm', () => {
  it('J06 tokens signed as the issuer signs are accepted', async () => {
    expect(await verdict(server, await rsa.mint())).toBe('200 user-1');
    expect(await verdict(server, await ec.mint())).toBe('200 user-1');
    expect(await verdict(server, await open.mint())).toBe('200 user-1');
  });

  it(verifies(['rs:signature', 'rs:alg'], 'J02 an empty signature, whatever alg says'), async () => {
    expect(await verdict(server, withSignature(await rsa.mint(), ''))).toBe('401 malformed');
    expect(await verdict(server, await rsa.mint({}, { alg: 'none' }))).toBe('401 malformed');
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      const header = { alg };
      expect(await verdict(server, `${await rsa.mint({}, { alg: 'none', header })}AA`)).toBe('401 alg');
    }
  });

  it.each(Object.entries(publicKeySpellings))(
    verifies('rs:alg', 'J03 HS256 over the public key as %s'),
    async (_case, spell) => {
      for (const issuer of [rsa, open]) {
        expect(
          await verdict(server, await issuer.mint({}, { alg: 'HS256', key: spell(issuer.key.jwk) })),
        ).toBe('401 alg');
      }
    },
  );

  it(verifies('rs:alg', 'J04 HS256 with an empty key and a kid nobody has'), async () => {
    const options = { alg: 'HS256', key: Buffer.alloc(0), header: { kid: 'nobody' } };
    expect(await verdict(server, await rsa.mint({}, options))).toBe('401 alg');
  });

  it.each([
    ['HS256', '401 alg'],
    ['PS256', '401 alg'],
    ['RS512', '401 alg'],
    ['ES256', '401 unusable_key'],
    ['EdDSA', '401 unusable_key'],
  ])(
    verifies('rs:alg', 'J05 a key without alg lets a token choose no algorithm of its own: %s'),
    async (alg, expected) => {
      const key = alg === 'HS256' ? Buffer.from(JSON.stringify(open.key.jwk)) : open.key.privateKey;
      // A signature of another key type cannot be made with this key; the header alone must be enough to refuse.
      const signer = alg === 'ES256' || alg === 'EdDSA' ? { alg: 'RS256', header: { alg } } : { alg };
      expect(await verdict(server, await open.mint({}, { ...signer, key }))).toBe(expected);
    },
  );

  it(verifies('rs:alg', 'J06 a valid PS256 signature by a key that says RS256'), async () => {
    expect(await verdict(server, await rsa.mint({}, { alg: 'PS256' }))).toBe('401 alg');
  });

  it.each([
    ['DER', derSignature],
    ['63 bytes', (input: Parameters<typeof signatureOf>[0]) => signatureOf(input).subarray(0, 63)],
    [
      '65 bytes',
      (input: Parameters<typeof signatureOf>[0]) => Buffer.concat([signatureOf(input), Buffer.alloc(1)]),
    ],
    ['64 zeros', () => Buffer.alloc(64)],
  ])(verifies('rs:signature', 'J08 an ES256 signature of %s'), async (_case, forge) => {
    const token = await ec.mint();
    const forged = withSignature(token, forge({ token, privateKey: ec.key.privateKey }));
    expect(await verdict(server, forged)).toBe('401 signature');
  });
});

describe('the key', () => {
  const stranger = createTestIssuer({ issuer: rsa.issuer, ownKey: true, claims: { aud: server.resource } });
  let asked = 0;
  const canary = createServer((_request, response) => {
    asked += 1;
    response.end(JSON.stringify(stranger.jwks()));
  }).listen(0, '127.0.0.1');
  afterAll(() => canary.close());

  it(verifies('rs:signature', 'J10 of somebody else with the same kid'), async () => {
    expect(await verdict(server, await stranger.mint(earlier))).toBe('401 signature');
  });

  it(verifies(['rs:issuer', 'rs:multi-issuer'], 'J10 of another issuer this server trusts'), async () => {
    expect(await verdict(server, await rsa.mint(earlier, { key: open.key.privateKey }))).toBe(
      '401 signature',
    );
  });

  it(verifies('rs:no-embedded-key', 'J10 brought by the token in jwk'), async () => {
    expect(await verdict(server, await stranger.mint(earlier, { header: { jwk: stranger.key.jwk } }))).toBe(
      '401 embedded_key',
    );
    expect(await verdict(server, await stranger.mint(earlier, { header: { kid: 'k', x5c: ['MIIB'] } }))).toBe(
      '401 embedded_key',
    );
  });

  it.each(['jku', 'x5u'])(
    verifies('rs:no-embedded-key', 'J11 that %s points to is not fetched'),
    async (member) => {
      const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/jwks`;
      expect(await verdict(server, await stranger.mint(earlier, { header: { [member]: url } }))).toBe(
        '401 embedded_key',
      );
      expect(asked).toBe(0);
    },
  );

  it.each([
    ['missing', undefined, '401 kid'],
    ['empty', '', '401 kid'],
    ['a number', 1, '401 kid'],
    ['a path', '../../../../dev/null', '401 unknown_key'],
    ['an injection', "key-1' OR '1'='1", '401 unknown_key'],
  ])(verifies('rs:signature', 'J14 a kid that is %s selects no key'), async (_case, kid, expected) => {
    const token = await ec.mint(earlier, { header: { kid } });
    expect(await verdict(server, token)).toBe(expected);
  });
});

describe('critical headers', () => {
  it.each([
    ['an unknown one', { crit: ['exp'], exp: 1 }],
    ['one that is missing', { crit: ['urn:example:x'] }],
    ['none', { crit: [] }],
    ['no list', { crit: 'alg' }],
    ['a registered one', { crit: ['alg'] }],
    ['null', { crit: null }],
  ])(verifies('rs:no-embedded-key', 'J16 crit names %s'), async (_case, header) => {
    expect(await verdict(server, await rsa.mint({}, { header }))).toBe('401 crit');
  });

  it(verifies('rs:no-embedded-key', 'J17 an unencoded payload (RFC 7797)'), async () => {
    expect(await verdict(server, await rsa.mint({}, { header: { b64: false, crit: ['b64'] } }))).toBe(
      '401 crit',
    );
    expect(await verdict(server, await rsa.mint({}, { header: { b64: false } }))).toBe('401 crit');
  });
});

it(
  verifies(['op:redaction', 'rs:invalid-token'], 'J02 no part of any of these tokens is in log or audit'),
  () => {
    expect(server.leaks()).toEqual([]);
  },
);
