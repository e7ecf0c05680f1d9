import { constants, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import { CompactSign } from 'jose';
import { describe, expect, it } from 'vitest';
import { parseCompactJws } from './compact-jws.ts';
import { parseKeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';
import { verifySignature } from './signature.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const onCurve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

/** Asks the validator alone, with one key. */
async function verify(alg: string, publicKey: KeyObject, token: string): Promise<string> {
  const set = await parseKeySet({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg }] }, [alg]);
  const loaded = { keys: { set, loadedAt: 0 }, justLoaded: true };
  const source = { current: async () => loaded } as Partial<KeySource> as KeySource;
  const { signature } = parseCompactJws(token);
  return await verifySignature({ token, header: { alg, kid: 'k' }, signature, issuedAt: 0 }, source, 0).then(
    () => 'verified',
    ({ reason }) => reason,
  );
}

describe('a signature made by jose', () => {
  it.each([
    ['RS256', rsa],
    ['RS384', rsa],
    ['RS512', rsa],
    ['PS256', rsa],
    ['PS384', rsa],
    ['PS512', rsa],
    ['ES256', onCurve('P-256')],
    ['ES384', onCurve('P-384')],
    ['ES512', onCurve('P-521')],
    ['EdDSA', ed25519],
    ['Ed25519', ed25519],
  ])(verifies('rs:signature', 'is verified, and no changed text under it: %s'), async (alg, keys) => {
    const sign = (claims: object) =>
      new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg }).sign(keys.privateKey);
    const [token, other] = await Promise.all([sign({ sub: 'a' }), sign({ sub: 'b' })]);
    expect(await verify(alg, keys.publicKey, token)).toBe('verified');
    const [header, , signature] = token.split('.');
    const mixed = [header, other.split('.')[1], signature].join('.');
    expect(await verify(alg, keys.publicKey, mixed)).toBe('signature');
  });
});

describe('a signature of PS256', () => {
  it.each([
    [32, 'verified'],
    [20, 'signature'],
    [0, 'signature'],
  ])(
    verifies('rs:signature', 'has a salt as long as the hash (RFC 7518 §3.5): %i bytes'),
    async (saltLength, found) => {
      const text = `${Buffer.from('{"alg":"PS256"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}`;
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const signature = createSign('sha256').update(text).sign({ key: rsa.privateKey, padding, saltLength });
      expect(await verify('PS256', rsa.publicKey, `${text}.${signature.toString('base64url')}`)).toBe(found);
    },
  );
});
