import { hash, timingSafeEqual } from 'node:crypto';

/** True when the secret has one of the hashes (SHA-256, hex). All are compared, each in constant time. */
export function matchesSecret(secret: string, hashes: readonly string[]): boolean {
  const given = hash('sha256', secret, 'buffer');
  return hashes.filter((known) => timingSafeEqual(given, Buffer.from(known, 'hex'))).length > 0;
}
