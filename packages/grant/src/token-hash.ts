import { hash } from 'node:crypto';

/** SHA-256 of a token, base64url. Stands for the token wherever it must be recognised without being kept. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url');
}
