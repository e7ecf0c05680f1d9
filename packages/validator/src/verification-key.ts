import { KeyObject } from 'node:crypto';
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { algorithmNamed } from './algorithm.ts';
import { isRocaModulus } from './roca.ts';

/** A public key that passed every check, with a handle for each algorithm it may be used with. */
export interface VerificationKey {
  readonly kid: string;
  readonly handles: ReadonlyMap<string, KeyObject>;
  /** Bytes of the modulus; undefined for other keys. */
  readonly modulusLength: number | undefined;
  /** What the key is, independent of its name: `kty` and public members. */
  readonly material: string;
}

/** Why a published key is left out. */
export type KeyProblem =
  | 'not_a_key'
  | 'no_kid'
  | 'duplicate_kid'
  | 'not_for_signatures'
  | 'symmetric'
  | 'private'
  | 'algorithm'
  | 'modulus_too_short'
  | 'exponent'
  | 'roca'
  | 'malformed';

/** Members of RFC 7518 §6.2.2, §6.3.2, §6.4 and RFC 8037 §2 that only the owner of a key may know. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/**
 * Makes a verification key of a published JWK, or says why it is none: it must be public, asymmetric, meant
 * for signatures, strong, on its curve, and fit an algorithm the issuer is allowed to use (RFC 7517 §4,
 * RFC 8725 §3.2, §3.4).
 */
export async function parseVerificationKey(
  jwk: unknown,
  allowed: readonly string[],
): Promise<VerificationKey | KeyProblem> {
  if (!isMembers(jwk)) return 'not_a_key';
  if (jwk.kty === 'oct') return 'symmetric';
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) return 'private';
  if (!isForSignatures(jwk)) return 'not_for_signatures';
  if (typeof jwk.kid !== 'string' || jwk.kid === '') return 'no_kid';
  const weakness = jwk.kty === 'RSA' ? rsaProblem(jwk) : undefined;
  if (weakness !== undefined) return weakness;
  const usable = algorithmsOf(jwk, allowed);
  if (usable.length === 0) return 'algorithm';
  const material = publicMembers(jwk);
  const handles = await importFor(usable, material);
  if (handles === undefined) return 'malformed';
  const modulusLength = jwk.kty === 'RSA' ? bytesOf(jwk.n).length : undefined;
  return { kid: jwk.kid, handles, modulusLength, material: JSON.stringify(material) };
}

type Members = Readonly<Record<string, unknown>>;

/** Pins a key to its own `alg`, else to all allowed algorithms of its type and curve (RFC 8725 §3.1). */
function algorithmsOf(jwk: Members, allowed: readonly string[]): string[] {
  return allowed.filter((name) => {
    const algorithm = algorithmNamed(name);
    if (algorithm === undefined || algorithm.kty !== jwk.kty) return false;
    if (algorithm.crv !== undefined && algorithm.crv !== jwk.crv) return false;
    return jwk.alg === undefined || jwk.alg === name;
  });
}

function isForSignatures({ use, key_ops: operations }: Members): boolean {
  if (use !== undefined && use !== 'sig') return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

function rsaProblem({ n, e }: Members): KeyProblem | undefined {
  const modulus = toBigInt(n);
  const exponent = toBigInt(e);
  if (modulus === undefined || exponent === undefined) return 'malformed';
  if (modulus >> 2047n === 0n) return 'modulus_too_short';
  if (exponent < 65537n || exponent % 2n === 0n) return 'exponent';
  return isRocaModulus(modulus) ? 'roca' : undefined;
}

/** Only what defines the key; everything else a JWK may say was judged before. */
function publicMembers({ kty, crv, x, y, n, e }: Members): JWK {
  const members = kty === 'RSA' ? { kty, n, e } : kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x };
  return members as JWK;
}

/** The runtime refuses points that are not on their curve. */
async function importFor(names: readonly string[], jwk: JWK): Promise<Map<string, KeyObject> | undefined> {
  try {
    const imported = (name: string) => importJWK(jwk, name) as Promise<CryptoKey>;
    const entries = names.map(async (name) => [name, KeyObject.from(await imported(name))] as const);
    return new Map(await Promise.all(entries));
  } catch {
    return undefined;
  }
}

function toBigInt(value: unknown): bigint | undefined {
  const hex = bytesOf(value).toString('hex');
  return hex === '' ? undefined : BigInt(`0x${hex}`);
}

function bytesOf(value: unknown): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'base64url') : Buffer.alloc(0);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
