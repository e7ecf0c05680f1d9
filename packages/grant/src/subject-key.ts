import { hash } from 'node:crypto';
import type { Grant } from './grant.ts';
import type { TokenOrigin } from './token-origin.ts';

/** What of a grant can be ended: this token, its session, its user, or the client it was issued to. */
export type SubjectKind = 'token' | 'session' | 'user' | 'client';

/**
 * A name for a token, session, user or client of an issuer: what caches tag their entries with and what
 * revocations are kept under. The value is hashed with the issuer, so that it is no name of a user in a store.
 */
export function subjectKey(kind: SubjectKind, issuer: string, value: string): string {
  return `${kind}:${hash('sha256', JSON.stringify([issuer, value]), 'base64url')}`;
}

const known = new WeakMap<Grant, readonly string[]>();

/**
 * The names of all that a grant is about, the token it was minted from included: what ends that ends this. Made
 * once for each grant.
 */
export function subjectKeys(grant: Grant): readonly string[] {
  const keys = known.get(grant) ?? makeKeys(grant);
  known.set(grant, keys);
  return keys;
}

function makeKeys({ user, origin, ...own }: Grant): readonly string[] {
  return [
    ...tokenKeys(own),
    ...(origin === undefined ? [] : tokenKeys(origin)),
    ...(user === undefined ? [] : [subjectKey('user', user.issuer, user.key)]),
  ];
}

function tokenKeys({ issuer, tokenId, client, session }: Omit<TokenOrigin, 'issuedAt'>): readonly string[] {
  return [
    subjectKey('token', issuer, tokenId),
    subjectKey('client', issuer, client),
    ...(session === undefined ? [] : [subjectKey('session', issuer, session)]),
  ];
}
