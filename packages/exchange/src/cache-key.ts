import { hash } from 'node:crypto';
import { sortScopes } from '@mcp-obo/scopes';

/** All that decides which token comes back. Two requests share an entry only when every member is equal. */
export interface CacheKeyInput {
  readonly kind: 'on_behalf_of' | 'machine';
  readonly issuer: string;
  /** SHA-256 of the subject token; absent for machines. */
  readonly subjectHash?: string;
  /** SHA-256 of the actor token, if one was shown. */
  readonly actorHash?: string;
  /** The authenticated caller. */
  readonly client: string;
  /** The registration at the identity provider. */
  readonly credential: string;
  readonly target: string;
  readonly audience: string;
  readonly resource?: string;
  readonly scopes: readonly string[];
  readonly requestedTokenType: string;
  readonly claims?: string;
  /** `cnf` of the subject token (RFC 7800). */
  readonly cnf?: Readonly<Record<string, unknown>>;
  /** Thumbprint of the key the presenter proved. */
  readonly presenterKey?: string;
  readonly policyVersion: string;
}

/** The key: SHA-256 over a JSON list with every member in its place, so that no two lists look alike. */
export function cacheKey(input: CacheKeyInput): string {
  const members = [
    input.kind,
    input.issuer,
    input.subjectHash ?? null,
    input.actorHash ?? null,
    input.client,
    input.credential,
    input.target,
    input.audience,
    input.resource ?? null,
    sortScopes(input.scopes),
    input.requestedTokenType,
    input.claims ?? null,
    input.cnf ?? null,
    input.presenterKey ?? null,
    input.policyVersion,
  ];
  return `x2:${hash('sha256', JSON.stringify(members), 'base64url')}`;
}
