import { hash } from 'node:crypto';
import type { Grant } from './grant.ts';

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

/** The names of all that a grant is about. Made once for each grant. */
export function subjectKeys(grant: Grant): readonly string[] {
  const keys = known.get(grant) ?? makeKeys(grant);
  known.set(grant, keys);
  return keys;
}

function makeKeys({ issuer, tokenId, client, user, session }: Grant): readonly string[] {
  return [
    subjectKey('token', issuer, tokenId),
    subjectKey('client', issuer, client),
    ...(user === undefined ? [] : [subjectKey('user', user.issuer, user.key)]),
    ...(session === undefined ? [] : [subjectKey('session', issuer, session)]),
  ];
}
