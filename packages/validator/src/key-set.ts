import type { KeyObject } from 'node:crypto';
import { type Algorithm, algorithmNamed } from './algorithm.ts';
import { type KeyProblem, parseVerificationKey, type VerificationKey } from './verification-key.ts';

/** The usable keys of an issuer as published at one time. */
export interface KeySet {
  readonly keys: ReadonlyMap<string, VerificationKey>;
  /** Keys that were published and left out. A key without a `kid` has `''`. */
  readonly leftOut: readonly { readonly kid: string; readonly problem: KeyProblem }[];
  /** Equal for two sets exactly when they hold the same usable keys. */
  readonly version: string;
}

/**
 * Reads a published key set (RFC 7517 §5) and leaves out what is weak, private or ambiguous; the other keys
 * go on working. Two keys of one `kid` are both left out: which of them is meant cannot be known.
 *
 * @throws TypeError when the document is no key set.
 */
export async function parseKeySet(document: unknown, allowed: readonly string[]): Promise<KeySet> {
  const published = publishedKeys(document);
  const parsed = await Promise.all(published.map((jwk) => parseVerificationKey(jwk, allowed)));
  const keys = new Map<string, VerificationKey>();
  const leftOut: { kid: string; problem: KeyProblem }[] = [];
  const seen = new Set<string>();
  parsed.forEach((key, index) => {
    if (typeof key === 'string') {
      leftOut.push({ kid: kidOf(published[index]), problem: key });
    } else if (seen.has(key.kid)) {
      keys.delete(key.kid);
      leftOut.push({ kid: key.kid, problem: 'duplicate_kid' });
    } else {
      keys.set(key.kid, key);
    }
    if (typeof key !== 'string') seen.add(key.kid);
  });
  return { keys, leftOut, version: versionOf(keys) };
}

/** Result of looking for a key: the handle, or whether a newer key set could still hold it. */
export type KeyLookup =
  | { readonly found: KeyObject; readonly algorithm: Algorithm; readonly signatureLength: number }
  | { readonly found: undefined; readonly published: boolean };

/** The key of that name for that algorithm. A key that was left out is `published` and not found. */
export function findKey(set: KeySet, kid: string, alg: string): KeyLookup {
  const key = set.keys.get(kid);
  const found = key?.handles.get(alg);
  const algorithm = algorithmNamed(alg);
  if (key === undefined || found === undefined || algorithm === undefined) {
    return { found: undefined, published: key !== undefined || set.leftOut.some((one) => one.kid === kid) };
  }
  return { found, algorithm, signatureLength: key.modulusLength ?? algorithm.signatureLength ?? 0 };
}

function publishedKeys(document: unknown): readonly unknown[] {
  const keys =
    typeof document === 'object' && document !== null ? (document as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) throw new TypeError('The document is no JWK Set (RFC 7517 §5).');
  return keys;
}

function kidOf(jwk: unknown): string {
  const kid = typeof jwk === 'object' && jwk !== null ? (jwk as { kid?: unknown }).kid : undefined;
  return typeof kid === 'string' ? kid : '';
}

function versionOf(keys: ReadonlyMap<string, VerificationKey>): string {
  const entries = [...keys.values()].map(({ kid, handles, material }) => [
    kid,
    [...handles.keys()],
    material,
  ]);
  return JSON.stringify(entries.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)));
}
