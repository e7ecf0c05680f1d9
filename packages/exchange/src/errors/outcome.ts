import type { OAuthErrorCode } from '@mcp-obo/oauth-error';

/** What an upstream error means for the caller. */
export interface Outcome {
  readonly code: OAuthErrorCode;
  /** For log, metric and audit. */
  readonly reason: string;
  readonly message: string;
  /** True when only an operator can mend it. */
  readonly alarm: boolean;
  /** Seconds for `Retry-After` when the identity provider names none. */
  readonly retryAfter?: number;
}

export type OutcomeName = keyof typeof outcomes;

/** Every meaning an upstream error can have (tb:error-map). */
export const outcomes = {
  subject: {
    code: 'invalid_token',
    reason: 'subject_refused',
    message: 'The authorization server no longer accepts the token of the user.',
    alarm: false,
  },
  consent: {
    code: 'consent_required',
    reason: 'consent_required',
    message: 'The user or an administrator must consent to the access of the target.',
    alarm: false,
  },
  interaction: {
    code: 'interaction_required',
    reason: 'interaction_required',
    message: 'The authorization server must ask the user something first.',
    alarm: false,
  },
  claims: {
    code: 'insufficient_claims',
    reason: 'claims_challenge',
    message: 'The authorization server asks for a token with further claims.',
    alarm: false,
  },
  denied: {
    code: 'access_denied',
    reason: 'upstream_denied',
    message: 'The authorization server does not allow this access.',
    alarm: false,
  },
  scope: {
    code: 'invalid_scope',
    reason: 'upstream_scope',
    message: 'The authorization server does not give a scope that was asked for.',
    alarm: false,
  },
  target: {
    code: 'server_error',
    reason: 'upstream_target',
    message: 'The authorization server does not know the target.',
    alarm: true,
  },
  targetRefused: {
    code: 'invalid_target',
    reason: 'broker_target',
    message: 'The target is not known or not allowed for this client.',
    alarm: false,
  },
  credential: {
    code: 'server_error',
    reason: 'upstream_credential',
    message: 'The authorization server refused the registration of this server.',
    alarm: true,
  },
  configuration: {
    code: 'server_error',
    reason: 'upstream_configuration',
    message: 'The authorization server and this server are not set up for each other.',
    alarm: true,
  },
  throttled: {
    code: 'temporarily_unavailable',
    reason: 'upstream_throttled',
    message: 'The authorization server asks to wait.',
    alarm: false,
    retryAfter: 60,
  },
  loop: {
    code: 'temporarily_unavailable',
    reason: 'upstream_loop',
    message: 'The authorization server was asked the same too often.',
    alarm: false,
    retryAfter: 60,
  },
  fault: {
    code: 'temporarily_unavailable',
    reason: 'upstream_fault',
    message: 'The authorization server cannot answer now.',
    alarm: false,
    retryAfter: 5,
  },
  unusable: {
    code: 'bad_gateway',
    reason: 'upstream_unusable',
    message: 'The authorization server sent an answer that cannot be used.',
    alarm: true,
  },
} as const satisfies Record<string, Outcome>;

/** Reasons of refusals that only an operator can mend; those of a wrong answer begin with `answer_`. */
const alarming: ReadonlySet<string> = new Set(
  Object.values(outcomes).flatMap(({ alarm, reason }) => (alarm ? [reason] : [])),
);

/** Whether a refusal with this reason must raise an alarm. */
export function isAlarm(reason: string): boolean {
  return alarming.has(reason) || reason.startsWith('answer_') || reason === 'server_error';
}
