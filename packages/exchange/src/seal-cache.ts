import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Cache } from './cache.ts';

/** A key of the ring. */
export interface SealKey {
  /** Names the key in what it sealed; 1 to 32 letters, digits, `-` or `_`. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** Keys by age: the first seals, every one opens. */
export type KeyRing = readonly [SealKey, ...SealKey[]];

/** Unguessable bytes; `randomBytes` of `node:crypto` by default. */
export type RandomBytes = (size: number) => Uint8Array;

const saltLength = 16;
const ivLength = 12;
const tagLength = 16;

/**
 * A cache whose values are sealed with AES-256-GCM before they leave the process. Each entry has a key of
 * its own (HKDF-SHA-256 over the ring's key and a fresh salt), and the entry's name and key id are
 * authenticated with it, so that a value that was moved, changed or sealed with a key that is gone cannot
 * be opened: it is a miss, and is deleted.
 *
 * Layout: length of the key id (1), key id, salt (16), IV (12), ciphertext, tag (16).
 *
 * @throws TypeError at start for a key that is not 32 bytes, or an id that is malformed or repeated.
 */
export function sealCache(cache: Cache, keyRing: KeyRing, random: RandomBytes = randomBytes): Cache {
  assertKeyRing(keyRing);
  const [newest] = keyRing;
  const byId = new Map(keyRing.map((key) => [key.id, key]));

  return {
    ...cache,
    async get(key) {
      const sealed = await cache.get(key);
      if (sealed === undefined) return undefined;
      const value = open(Buffer.from(sealed), key, byId);
      if (value === undefined) await cache.delete(key);
      return value;
    },
    set: (key, value, options) => cache.set(key, seal(value, key, newest, random), options),
    add: (key, value, options) => cache.add(key, seal(value, key, newest, random), options),
  };
}

function seal(value: Uint8Array, name: string, key: SealKey, random: RandomBytes): Uint8Array {
  const salt = random(saltLength);
  const iv = random(ivLength);
  const cipher = createCipheriv('aes-256-gcm', entryKey(key, salt), iv, { authTagLength: tagLength });
  cipher.setAAD(associatedData(name, key.id));
  const id = Buffer.from(key.id);
  const text = [cipher.update(value), cipher.final()];
  return Buffer.concat([Buffer.of(id.length), id, salt, iv, ...text, cipher.getAuthTag()]);
}

function open(sealed: Buffer, name: string, keys: ReadonlyMap<string, SealKey>): Uint8Array | undefined {
  const head = 1 + (sealed[0] ?? 0);
  const key = keys.get(sealed.subarray(1, head).toString());
  if (key === undefined || sealed.length < head + saltLength + ivLength + tagLength) return undefined;
  const salt = sealed.subarray(head, head + saltLength);
  const iv = sealed.subarray(head + saltLength, head + saltLength + ivLength);
  const decipher = createDecipheriv('aes-256-gcm', entryKey(key, salt), iv, { authTagLength: tagLength });
  decipher.setAAD(associatedData(name, key.id));
  decipher.setAuthTag(sealed.subarray(-tagLength));
  try {
    const text = decipher.update(sealed.subarray(head + saltLength + ivLength, -tagLength));
    return Buffer.concat([text, decipher.final()]);
  } catch {
    return undefined;
  }
}

function entryKey(key: SealKey, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key.secret, salt, 'mcp-obo cache entry', 32));
}

function associatedData(name: string, keyId: string): Buffer {
  return Buffer.from(JSON.stringify(['mcp-obo cache entry', keyId, name]));
}

function assertKeyRing(keyRing: KeyRing): void {
  const ids = keyRing.map(({ id }) => id);
  if (keyRing.length === 0) throw new TypeError('The key ring needs at least one key.');
  if (new Set(ids).size !== ids.length) throw new TypeError('The key ring names a key twice.');
  if (!ids.every((id) => /^[\w-]{1,32}$/.test(id)))
    throw new TypeError('A key id must be 1 to 32 letters, digits, "-" or "_".');
  if (keyRing.some(({ secret }) => secret.byteLength !== 32))
    throw new TypeError('Every key of the ring must be 32 bytes.');
}
