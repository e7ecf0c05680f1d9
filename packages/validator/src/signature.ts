import { type KeyObject, verify } from 'node:crypto';
import type { Algorithm } from './algorithm.ts';
import type { JoseHeader } from './jose-header.ts';
import { findKey, type KeySet } from './key-set.ts';
import { type KeySource, keysUnavailable, type LoadedKeys } from './key-source.ts';
import { refusal } from './refusal.ts';

/** A token whose header and claims were judged, and whose signature was not. */
export interface UnverifiedToken {
  readonly token: string;
  readonly header: JoseHeader;
  readonly signature: Uint8Array;
  /** `iat`, seconds. Not trusted: it only decides whether a missing key may be a new one. */
  readonly issuedAt: number;
}

/**
 * Verifies the signature with the issuer's key for `kid` (RFC 7515 §5.2). A `kid` that is not known, or a
 * signature that fails (issuers have reused a `kid`), is tried once more with keys fetched after it came.
 *
 * @returns the key set that verified the token.
 * @throws OAuthError `invalid_token` when no key of the issuer made the signature; `temporarily_unavailable`
 *   when there are no keys, or when the cooldown forbids a fetch and the token may be younger than the keys.
 */
export async function verifySignature(
  unverified: UnverifiedToken,
  source: KeySource,
  tolerance: number,
): Promise<KeySet> {
  const { keys, justLoaded } = await source.current();
  const first = tryKeys(unverified, keys.set);
  if (first === 'verified') return keys.set;
  if (first === 'unusable_key' || justLoaded) throw refusal(first);
  const newer = await source.newerThan(keys);
  if (newer === undefined) {
    throw mayBeNew(unverified, keys, first, tolerance)
      ? keysUnavailable(source.retryAfter())
      : refusal(first);
  }
  const second = tryKeys(unverified, newer.set);
  if (second === 'verified') return newer.set;
  throw refusal(second);
}

type Failure = 'unknown_key' | 'unusable_key' | 'signature';

function tryKeys({ token, header, signature }: UnverifiedToken, set: KeySet): 'verified' | Failure {
  const key = findKey(set, header.kid, header.alg);
  if (key.found === undefined) return key.published ? 'unusable_key' : 'unknown_key';
  // A DER signature, or one that lost a byte, is not of this algorithm whatever the key (RFC 7518 §3.3, §3.4).
  if (signature.length !== key.signatureLength) throw refusal('signature', 'length');
  return isSignedBy(key.found, key.algorithm, token, signature) ? 'verified' : 'signature';
}

/** RFC 7515 §5.2 step 8. At once: to hand the work to another thread costs more than the work does. */
function isSignedBy(
  key: KeyObject,
  { digest, scheme }: Algorithm,
  token: string,
  signature: Uint8Array,
): boolean {
  const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')), 'latin1');
  return verify(digest, signed, scheme === undefined ? key : { key, ...scheme }, signature);
}

/**
 * Whether a key published after our keys were fetched may have made the signature. A token that was issued
 * before can only be signed with a key that was published before. An unknown `kid` gets the benefit of a
 * clock that is behind ours; a known one does not, for it is far more likely forged than reused.
 */
function mayBeNew(
  { issuedAt }: UnverifiedToken,
  { loadedAt }: LoadedKeys,
  failure: Failure,
  tolerance: number,
): boolean {
  return issuedAt + (failure === 'unknown_key' ? tolerance : 0) >= Math.floor(loadedAt / 1000);
}
