import type { Credential } from '@mcp-obo/grant';
import { refusal } from './refusal.ts';

/** Proves one confirmation method of RFC 7800 §3 for a request, or throws an `OAuthError`. */
type ConfirmationProof = (value: unknown, credential: Credential) => void | Promise<void>;

/** Confirmation methods that can be proved, by member name of `cnf` (`jkt`, `x5t#S256`). None so far. */
const proofs: ReadonlyMap<string, ConfirmationProof> = new Map();

/** `cnf` of a token, if it has one. */
export type Confirmation = Readonly<Record<string, unknown>>;

/**
 * Reads `cnf` (RFC 7800 §3.1). It must hold something that can be proved: a binding that is not understood
 * is no binding.
 *
 * @throws OAuthError `invalid_token`, reason `cnf`.
 */
export function parseConfirmation(value: unknown): Confirmation | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal('cnf', 'type');
  const methods = Object.keys(value);
  if (methods.length === 0 || methods.some((method) => !proofs.has(method)))
    throw refusal('cnf', methods.join());
  return value as Confirmation;
}

/** Proves every method of `cnf` for this request, also when the token itself was found in the cache. */
export async function proveConfirmation(cnf: Confirmation, credential: Credential): Promise<void> {
  for (const [method, value] of Object.entries(cnf)) {
    const prove = proofs.get(method);
    if (prove === undefined) throw refusal('cnf', method);
    await prove(value, credential);
  }
}
