import { createCipheriv, createDecipheriv, hash, hkdfSync } from 'node:crypto';

/**
 * A record that only the holder of a secret can find and read: it is kept under the hash of the secret and sealed
 * with a key made of it (AES-256-GCM, HKDF by RFC 5869). Who reads the store learns neither.
 */
export interface SealedRecord {
  readonly key: string;
  readonly value: string;
}

/** Unguessable bytes: `randomBytes` of `node:crypto`. */
export type RandomBytes = (length: number) => Buffer;

/** 256 bits, base64url. */
export function freshSecret(random: RandomBytes): string {
  return random(32).toString('base64url');
}

/** Whether a text can be a secret at all; nothing else is hashed or looked up. */
export function isSecret(text: string | null | undefined): text is string {
  return typeof text === 'string' && /^[\w-]{43}$/.test(text);
}

/** Where a record with that secret is kept. `kind` tells a link from a state: neither opens the other. */
export function recordKey(kind: string, secret: string): string {
  return `${kind}:${hash('sha256', `${kind} ${secret}`, 'base64url')}`;
}

export function sealRecord(kind: string, secret: string, record: unknown, random: RandomBytes): SealedRecord {
  const key = recordKey(kind, secret);
  const iv = random(12);
  const cipher = createCipheriv('aes-256-gcm', sealKey(kind, secret), iv).setAAD(Buffer.from(key));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(record)), cipher.final()]);
  return { key, value: Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url') };
}

/** What was sealed; undefined when the value is not what this secret sealed. */
export function openRecord(kind: string, secret: string, value: string): unknown {
  const bytes = Buffer.from(value, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', sealKey(kind, secret), bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(recordKey(kind, secret))).setAuthTag(bytes.subarray(12, 28));
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString());
  } catch {
    return undefined;
  }
}

function sealKey(kind: string, secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `mcp-obo interaction ${kind}`, 32));
}
