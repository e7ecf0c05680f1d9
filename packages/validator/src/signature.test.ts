import { derSignature, publicKeySpellings, type SigningInput, signatureOf } from '@mcp-obo/testbed/forge';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { noon, setUp } from '../test/platform.ts';

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
