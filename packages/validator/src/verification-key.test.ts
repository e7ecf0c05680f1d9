import { checkPrimeSync } from 'node:crypto';
import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { findKey, parseKeySet } from './key-set.ts';
import { parseVerificationKey } from './verification-key.ts';

const allowed = ['RS256', 'ES256', 'EdDSA'];
const rsa = createSigningKey('RS256', 'rsa-1');
const ec = createSigningKey('ES256', 'ec-1');
const ed = createSigningKey('EdDSA', 'ed-1');

describe('parseVerificationKey', () => {
  it.each([
    ['RSA', rsa, 'RS256'],
    ['EC', ec, 'ES256'],
    ['Ed25519', ed, 'EdDSA'],
  ])('accepts an %s key and pins it to one algorithm', async (_, { jwk }, alg) => {
    const key = await parseVerificationKey(jwk, allowed);
    expect(key).toMatchObject({ kid: jwk.kid });
    expect(typeof key === 'string' ? [] : [...key.handles.keys()]).toEqual([alg]);
  });

  it(
    verifies('rs:alg', 'gives a key without alg only to the algorithms the issuer may use (J05)'),
    async () => {
      const { alg: _, ...jwk } = rsa.jwk;
      const key = await parseVerificationKey(jwk, ['RS256', 'PS256', 'ES256']);
      expect(typeof key === 'string' ? [] : [...key.handles.keys()]).toEqual(['RS256', 'PS256']);
      const { alg: __, ...curved } = ec.jwk;
      const other = await parseVerificationKey(curved, ['RS256', 'ES384', 'ES256', 'EdDSA']);
      expect(typeof other === 'string' ? [] : [...other.handles.keys()]).toEqual(['ES256']);
    },
  );

  it.each([
    ['RSA of 1024 bits', createSigningKey('RS256', 'weak', 1024).jwk, 'modulus_too_short'],
    ['RSA with e = 1', { ...rsa.jwk, e: 'AQ' }, 'exponent'],
    ['RSA with e = 3', { ...rsa.jwk, e: 'Aw' }, 'exponent'],
    ['RSA with an even e', { ...rsa.jwk, e: 'AQAC' }, 'exponent'],
    ['RSA without a modulus', { ...rsa.jwk, n: undefined }, 'malformed'],
    ['RSA without an exponent', { ...rsa.jwk, e: undefined }, 'malformed'],
    ['a modulus of the ROCA library (CVE-2017-15361)', { ...rsa.jwk, n: rocaModulus() }, 'roca'],
    ['a point off its curve', { ...ec.jwk, y: flipLastBit(String(ec.jwk.y)) }, 'malformed'],
    [
      'a curve that does not fit the algorithm',
      { ...createSigningKey('ES384', 'x').jwk, alg: 'ES256' },
      'algorithm',
    ],
    ['an algorithm the issuer may not use', { ...rsa.jwk, alg: 'RS512' }, 'algorithm'],
    ['an algorithm for encryption', { ...rsa.jwk, alg: 'RSA-OAEP' }, 'algorithm'],
    ['a private key', rsa.privateKey.export({ format: 'jwk' }), 'private'],
    ['a private EC key', ec.privateKey.export({ format: 'jwk' }), 'private'],
    ['a symmetric key', { kty: 'oct', kid: 'h', k: 'c2VjcmV0', alg: 'HS256' }, 'symmetric'],
    ['an RSA key with a symmetric secret', { ...rsa.jwk, k: 'c2VjcmV0' }, 'private'],
    ['use enc', { ...rsa.jwk, use: 'enc' }, 'not_for_signatures'],
    ['key_ops without verify', { ...rsa.jwk, key_ops: ['encrypt'] }, 'not_for_signatures'],
    ['key_ops that are no list', { ...rsa.jwk, key_ops: 'verify' }, 'not_for_signatures'],
    ['no kid', { ...rsa.jwk, kid: undefined }, 'no_kid'],
    ['an empty kid', { ...rsa.jwk, kid: '' }, 'no_kid'],
    ['an unknown type', { kty: 'toString', kid: 'x' }, 'algorithm'],
    ['null', null, 'not_a_key'],
  ])(verifies('rs:signature', 'leaves out %s (J25)'), async (_, jwk, problem) => {
    expect(await parseVerificationKey(jwk, allowed)).toBe(problem);
  });
});

describe('parseKeySet', () => {
  it(verifies('rs:signature', 'leaves out both keys of one kid and keeps the others (J25)'), async () => {
    const other = createSigningKey('ES256', 'ec-1');
    const set = await parseKeySet(
      { keys: [ec.jwk, rsa.jwk, other.jwk, { ...rsa.jwk, kid: 'weak', e: 'AQ' }] },
      allowed,
    );
    expect([...set.keys.keys()]).toEqual(['rsa-1']);
    expect(set.leftOut).toEqual([
      { kid: 'ec-1', problem: 'duplicate_kid' },
      { kid: 'weak', problem: 'exponent' },
    ]);
    expect(findKey(set, 'ec-1', 'ES256')).toEqual({ found: undefined, published: true });
    expect(findKey(set, 'weak', 'RS256')).toEqual({ found: undefined, published: true });
    expect(findKey(set, 'other', 'RS256')).toEqual({ found: undefined, published: false });
    expect(findKey(set, 'rsa-1', 'ES256')).toEqual({ found: undefined, published: true });
  });

  it(verifies('rs:signature', 'leaves out what is no key at all and keeps the others (J25)'), async () => {
    const set = await parseKeySet({ keys: [null, 7, 'key', [ec.jwk], { kid: 7 }, rsa.jwk] }, allowed);
    expect([...set.keys.keys()]).toEqual(['rsa-1']);
    expect(set.leftOut.map(({ kid }) => kid)).toEqual(['', '', '', '', '']);
  });

  it('has the same version for the same keys in another order, and another for other keys', async () => {
    const version = async (...keys: object[]) => (await parseKeySet({ keys }, allowed)).version;
    expect(await version(ec.jwk, rsa.jwk)).toBe(await version({ ...rsa.jwk, x5t: 'new' }, ec.jwk));
    expect(await version(ec.jwk)).not.toBe(await version(createSigningKey('ES256', 'ec-1').jwk));
    expect(await version(ec.jwk)).not.toBe(await version(ec.jwk, rsa.jwk));
  });

  it.each([null, [], 'keys', {}, { keys: {} }])('refuses %j, which is no key set', async (document) => {
    await expect(parseKeySet(document, allowed)).rejects.toThrow(TypeError);
  });
});

function flipLastBit(value: string): string {
  const bytes = Buffer.from(value, 'base64url');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes.toString('base64url');
}

/** A modulus of two primes `k·M + (65537^a mod M)`, as the flawed library made them. */
function rocaModulus(): string {
  const [p, q] = [rocaPrime(1n, 3n), rocaPrime(1n << 40n, 5n)];
  return Buffer.from((p * q).toString(16), 'hex').toString('base64url');
}

function rocaPrime(offset: bigint, exponent: bigint): bigint {
  const product = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
  ].reduce((all, prime) => all * BigInt(prime), 1n);
  const residue = 65537n ** exponent % product;
  const start = (3n << 1022n) / product + offset;
  for (let k = start; ; k += 1n) if (checkPrimeSync(k * product + residue)) return k * product + residue;
}
