import type { Claims } from '@mcp-obo/idp-profile';
import type { Revocation } from '@mcp-obo/revocation';
import { claim, optionalText, optionalTime } from './claims.ts';
import { parseEventSubject, type SubjectIssuer } from './event-subject.ts';
import { refusal } from './refusal.ts';

/** What happened to a credential (CAEP 1.0 §3.3). */
export const credentialChanges = ['create', 'revoke', 'update', 'delete'] as const;
export type CredentialChange = (typeof credentialChanges)[number];

/** What a receiver decides about the events of one transmitter. */
export interface EventPolicy {
  /** Changes of a credential that end what the user has opened. Default: all but `create`. */
  readonly credentialChanges?: readonly CredentialChange[];
}

/** One event, as far as it matters here. */
export interface SecurityEvent {
  /** Its type without what all have in front; `other` for what ends nothing whatever it says. */
  readonly name: string;
  /** What it ends; nothing for an event that leaves everything as it is. */
  readonly ends: readonly Revocation[];
}

/** What an event is judged by. */
export interface EventContext {
  readonly issuer: SubjectIssuer;
  readonly policy: EventPolicy;
  /** `sub_id` of the token. */
  readonly subject: unknown;
  /** When it happened where the event itself does not say. Seconds since the epoch. */
  readonly happenedAt: number;
}

interface EventRule {
  /** `session`: the sessions that it names, else the user; they go on where `goesOn`. `user`: all the user has opened. */
  readonly ends: 'session' | 'user';
  readonly goesOn?: true;
  /** When it ends nothing. */
  readonly unless?: (event: Claims, policy: EventPolicy) => boolean;
}

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';

/** The events that end something. Every other one is taken and ignored. */
const rules: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  [`${caep}session-revoked`, { ends: 'session' }],
  [`${caep}token-claims-change`, { ends: 'session', goesOn: true }],
  [`${caep}assurance-level-change`, { ends: 'session', goesOn: true, unless: isIncrease }],
  [`${caep}credential-change`, { ends: 'user', unless: isAllowedChange }],
  [`${risc}account-credential-change-required`, { ends: 'user' }],
  [`${risc}account-disabled`, { ends: 'user' }],
  [`${risc}account-purged`, { ends: 'user' }],
  [`${risc}sessions-revoked`, { ends: 'user' }],
]);

/**
 * Judges one member of `events` (OpenID CAEP 1.0 §3, RISC 1.0 §2). It ends what was opened before it happened, so
 * news of it can come late and more than once.
 *
 * @throws OAuthError `invalid_token` for an event that would end something and does not say what.
 */
export function parseSecurityEvent(type: string, event: Claims, context: EventContext): SecurityEvent {
  const rule = rules.get(type);
  if (rule === undefined) return { name: 'other', ends: [] };
  const name = type.slice(type.lastIndexOf('/') + 1);
  if (rule.unless?.(event, context.policy) === true) return { name, ends: [] };
  const at = (optionalTime(event, 'event_timestamp') ?? context.happenedAt) * 1000;
  if (at < 0) throw refusal('time_claim', 'event_timestamp');
  return { name, ends: revocationsOf(rule, context, at) };
}

function revocationsOf(
  { ends, goesOn }: EventRule,
  context: EventContext,
  at: number,
): readonly Revocation[] {
  const { issuer } = context.issuer;
  const { sessions, users, either } = parseEventSubject(context.subject, context.issuer);
  const ofUsers = users.map((id) => ({ kind: 'user', issuer, id, at }) as const);
  if (ends === 'user') {
    if (users.length === 0) throw refusal('event_subject');
    return ofUsers;
  }
  // A session that was revoked does not come back.
  const ofSessions = sessions.map(
    (id) => ({ kind: 'session', issuer, id, ...(goesOn === true && { at }) }) as const,
  );
  if (either) return [...ofSessions, ...ofUsers];
  return ofSessions.length > 0 ? ofSessions : ofUsers;
}

/** Without a direction it may have been a decrease. */
function isIncrease(event: Claims): boolean {
  return claim(event, 'change_direction') === 'increase';
}

const endingChanges: readonly CredentialChange[] = ['revoke', 'update', 'delete'];

/** A change of a kind that is unknown ends what it is about. */
function isAllowedChange(event: Claims, { credentialChanges: ending = endingChanges }: EventPolicy): boolean {
  const change = optionalText(event, 'change_type');
  const known = credentialChanges.find((one) => one === change);
  return known !== undefined && !ending.includes(known);
}
