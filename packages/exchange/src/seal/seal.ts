import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type KeyRing, type ReadyRing, type RingKey, readyRing } from './key-ring.ts';

/** Keeps what a store holds unreadable to who has the store and not the keys. */
export interface Seal {
  /** Seals a value for one entry. */
  readonly seal: (value: Uint8Array, entry: string) => Buffer;
  /** The value, or undefined for what was changed, moved from another entry, or sealed with a key that is gone. */
  readonly open: (sealed: Uint8Array, entry: string) => Buffer | undefined;
  /** What an entry or a tag is called in the store, by each key of the ring; the newest first. */
  readonly namesOf: (text: string) => readonly [string, ...string[]];
}

/** Unguessable bytes; `randomBytes` of `node:crypto` by default. */
export type RandomBytes = (size: number) => Uint8Array;

const version = 1;
const saltLength = 16;
const ivLength = 12;
const tagLength = 16;

/**
 * Seals with AES-256-GCM under a key of each entry's own (HKDF-SHA-256 over the ring's key and a fresh salt).
 * The layout's version, the key's id and the entry are authenticated with the value. The first key of the
 * ring seals and every key opens; a ring that is a function may change while it is used.
 *
 * Layout: version (1), length of the key id (1), key id, salt (16), IV (12), ciphertext, tag (16).
 *
 * @throws TypeError at once for a ring that cannot be used.
 */
export function createSeal(ring: KeyRing | (() => KeyRing), random: RandomBytes = randomBytes): Seal {
  const current = followRing(ring);
  current();
  return {
    seal: (value, entry) => seal(value, entry, current()[0], random),
    open: (sealed, entry) => open(Buffer.from(sealed), entry, current()),
    namesOf(text) {
      const [newest, ...older] = current();
      return [newest.nameOf(text), ...older.map(({ nameOf }) => nameOf(text))];
    },
  };
}

/** The ring as it is now, made ready once for each change. */
function followRing(ring: KeyRing | (() => KeyRing)): () => ReadyRing {
  const read = typeof ring === 'function' ? ring : () => ring;
  let seen: { readonly from: KeyRing; readonly ready: ReadyRing } | undefined;
  return () => {
    const from = read();
    if (seen?.from !== from) seen = { from, ready: readyRing(from) };
    return seen.ready;
  };
}

function seal(value: Uint8Array, entry: string, key: RingKey, random: RandomBytes): Buffer {
  const salt = random(saltLength);
  const iv = random(ivLength);
  const cipher = createCipheriv('aes-256-gcm', key.entryKey(salt), iv, { authTagLength: tagLength });
  cipher.setAAD(associatedData(entry, key.id));
  const head = Buffer.from([version, key.id.length]);
  const text = [cipher.update(value), cipher.final()];
  return Buffer.concat([head, Buffer.from(key.id), salt, iv, ...text, cipher.getAuthTag()]);
}

function open(sealed: Buffer, entry: string, ring: ReadyRing): Buffer | undefined {
  const saltAt = 2 + (sealed[1] ?? 0);
  const ivAt = saltAt + saltLength;
  const textAt = ivAt + ivLength;
  if (sealed[0] !== version || sealed.length < textAt + tagLength) return undefined;
  const id = sealed.toString('latin1', 2, saltAt);
  const key = ring.find((one) => one.id === id);
  if (key === undefined) return undefined;
  const entryKey = key.entryKey(sealed.subarray(saltAt, ivAt));
  const iv = sealed.subarray(ivAt, textAt);
  const decipher = createDecipheriv('aes-256-gcm', entryKey, iv, { authTagLength: tagLength });
  decipher.setAAD(associatedData(entry, id));
  decipher.setAuthTag(sealed.subarray(-tagLength));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(textAt, -tagLength)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function associatedData(entry: string, keyId: string): Buffer {
  return Buffer.from(JSON.stringify(['mcp-obo cache entry', version, keyId, entry]));
}
