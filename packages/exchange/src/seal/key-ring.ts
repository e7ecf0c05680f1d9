import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** A key of the ring. */
export interface SealKey {
  /** Names the key in what it sealed; 1 to 32 letters, digits, `-` or `_`. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** Keys by age: the first seals, every one opens. */
export type KeyRing = readonly [SealKey, ...SealKey[]];

/** A key of the ring, ready for use. */
export interface RingKey extends SealKey {
  /** What a text is called in the store: it tells nothing to who has not the key (HMAC-SHA-256). */
  readonly nameOf: (text: string) => string;
  /** The key of one entry (HKDF-SHA-256, RFC 5869). */
  readonly entryKey: (salt: Uint8Array) => KeyObject;
}

export type ReadyRing = readonly [RingKey, ...RingKey[]];

/**
 * Makes a ring ready for use.
 *
 * @throws TypeError for a key that is not 32 bytes, or an id that is malformed or repeated.
 */
export function readyRing(ring: KeyRing): ReadyRing {
  assertKeyRing(ring);
  const [first, ...others] = ring;
  return [readyKey(first), ...others.map(readyKey)];
}

function readyKey({ id, secret }: SealKey): RingKey {
  const own = Uint8Array.from(secret);
  // Made once: a key of bytes is made into one of these at each use, which takes longer than the use.
  const root = createSecretKey(own);
  const derive = (salt: Uint8Array, info: string) =>
    createSecretKey(new Uint8Array(hkdfSync('sha256', root, salt, info, 32)));
  const names = derive(new Uint8Array(), 'mcp-obo cache names');
  return {
    id,
    secret: own,
    nameOf: (text) => createHmac('sha256', names).update(text).digest('base64url'),
    entryKey: (salt) => derive(salt, 'mcp-obo cache entry'),
  };
}

function assertKeyRing(ring: KeyRing): void {
  const ids = ring.map(({ id }) => id);
  if (ring.length === 0) throw new TypeError('The key ring needs at least one key.');
  if (new Set(ids).size !== ids.length) throw new TypeError('The key ring names a key twice.');
  if (!ids.every((id) => /^[\w-]{1,32}$/.test(id)))
    throw new TypeError('A key id must be 1 to 32 letters, digits, "-" or "_".');
  if (ring.some(({ secret }) => secret.byteLength !== 32))
    throw new TypeError('Every key of the ring must be 32 bytes.');
}
