export { type Actor, actorChain } from './actor.ts';
export type { Credential } from './credential.ts';
export { freezeGrant, type Grant, originallyIssuedAt } from './grant.ts';
export type { Login } from './login.ts';
export { type SubjectKind, subjectKey, subjectKeys } from './subject-key.ts';
export { tokenHash } from './token-hash.ts';
export type { TokenOrigin } from './token-origin.ts';
export { formatUserKey, sameUser, type UserKey } from './user-key.ts';
