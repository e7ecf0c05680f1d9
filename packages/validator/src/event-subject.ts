import type { Claims } from '@mcp-obo/idp-profile';
import { claim, requiredText } from './claims.ts';
import type { TrustedIssuer } from './issuer-config.ts';
import { refusal } from './refusal.ts';

/** Whom a security event is about, by the names that access tokens of the issuer have. */
export interface EventSubject {
  /** `sid` of the sessions it names. */
  readonly sessions: readonly string[];
  /** Keys of the users it names, by the issuer's profile. */
  readonly users: readonly string[];
  /** True when the name does not say whether it is a session's or a user's. */
  readonly either: boolean;
}

/** The issuer of the tokens, and the one that its security events come from. */
export interface SubjectIssuer extends Pick<TrustedIssuer, 'issuer' | 'profile'> {
  readonly transmitter: string;
}

/**
 * Reads a subject identifier (RFC 9493 §3; `complex`: OpenID Shared Signals Framework 1.0 §3.3). What narrows a session
 * or a user further (a device, a tenant) is not looked at: the whole of it is meant then.
 *
 * @throws OAuthError reason `event_subject` when it names nobody whom access tokens name.
 */
export function parseEventSubject(identifier: unknown, issuer: SubjectIssuer): EventSubject {
  const subject = membersOf(identifier);
  const found =
    formatOf(subject) === 'complex' ? readComplex(subject, issuer) : readPrincipal(subject, issuer);
  if (found.sessions.length + found.users.length === 0) throw refusal('event_subject');
  return found;
}

const nobody: EventSubject = { sessions: [], users: [], either: false };

type Read = (subject: Claims, issuer: SubjectIssuer) => EventSubject;

/** Formats of one principal. E-mail addresses and telephone numbers are not how tokens name users. */
const principals: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['iss_sub', readIssSub],
  ['opaque', readOpaque],
  ['aliases', readAliases],
]);

function readPrincipal(subject: Claims, issuer: SubjectIssuer): EventSubject {
  return principals.get(formatOf(subject))?.(subject, issuer) ?? nobody;
}

function readIssSub(subject: Claims, issuer: SubjectIssuer): EventSubject {
  const iss = claim(subject, 'iss');
  const known = iss === issuer.issuer || iss === issuer.transmitter;
  return known ? { ...nobody, users: usersOf(claim(subject, 'sub'), issuer) } : nobody;
}

function readOpaque(subject: Claims, issuer: SubjectIssuer): EventSubject {
  const id = requiredText(subject, ['id'], 'event_subject');
  return { sessions: [id], users: usersOf(id, issuer), either: true };
}

/** Names of the same principal: one that is known will do. */
function readAliases(subject: Claims, issuer: SubjectIssuer): EventSubject {
  const identifiers = claim(subject, 'identifiers');
  if (!Array.isArray(identifiers)) throw refusal('event_subject', 'identifiers');
  const names = identifiers.map(membersOf).filter((name) => formatOf(name) === 'iss_sub');
  return { ...nobody, users: names.flatMap((name) => readIssSub(name, issuer).users) };
}

function readComplex(subject: Claims, issuer: SubjectIssuer): EventSubject {
  const session = claim(subject, 'session');
  const user = claim(subject, 'user');
  const users = user === undefined ? [] : readPrincipal(membersOf(user), issuer).users;
  const id = session === undefined ? undefined : sessionOf(membersOf(session));
  const named = id !== undefined && id !== issuer.profile.token.everySession;
  return { ...nobody, sessions: named ? [id] : [], users };
}

function sessionOf(subject: Claims): string {
  if (formatOf(subject) !== 'opaque') throw refusal('event_subject', 'session');
  return requiredText(subject, ['id'], 'event_subject');
}

function formatOf(subject: Claims): string {
  return requiredText(subject, ['format'], 'event_subject');
}

function usersOf(sub: unknown, { profile }: SubjectIssuer): readonly string[] {
  const key = profile.token.userKey({ sub });
  return key === undefined ? [] : [key];
}

function membersOf(identifier: unknown): Claims {
  if (typeof identifier !== 'object' || identifier === null || Array.isArray(identifier))
    throw refusal('event_subject');
  return identifier as Claims;
}
