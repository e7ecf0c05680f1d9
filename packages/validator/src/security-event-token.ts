import type { Claims } from '@mcp-obo/idp-profile';
import { claim, optionalTime, requiredText, requiredTime } from './claims.ts';
import type { IssuerConfig } from './issuer-config.ts';
import { refusal } from './refusal.ts';
import { type EventPolicy, parseSecurityEvent, type SecurityEvent } from './security-event.ts';
import {
  createStatementValidator,
  type StatementValidator,
  type StatementValidatorOptions,
  type UnverifiedStatement,
} from './signed-statement.ts';

/** What a transmitter says has happened. */
export interface SecurityEventToken {
  /** Exact `iss` of the access tokens that it is about. */
  readonly issuer: string;
  /** Exact `iss` of the token. */
  readonly transmitter: string;
  /** `jti`: the same at every delivery. */
  readonly tokenId: string;
  /** `iat`, seconds since the epoch. */
  readonly issuedAt: number;
  readonly events: readonly SecurityEvent[];
}

/** An issuer whose sessions and users security events are about. */
export interface SecurityEventIssuer extends Omit<IssuerConfig, 'typ' | 'maxLifetime' | 'introspection'> {
  /** Exact `iss` of its security event tokens, where it is another. `jwksUri` are its keys. */
  readonly transmitter?: string;
  /** `aud` of the streams that are for us. */
  readonly audiences: readonly string[];
  readonly policy?: EventPolicy;
}

export interface SecurityEventValidatorOptions extends Omit<StatementValidatorOptions, 'issuers'> {
  readonly issuers: readonly SecurityEventIssuer[];
}

export type SecurityEventValidator = StatementValidator<SecurityEventToken>;

/** Age above which no token is taken, seconds. No access token lives as long, so nothing is left to end. */
export const longestEventAge = 7 * 86_400;

/**
 * A validator of Security Event Tokens (RFC 8417 §2, OpenID Shared Signals Framework 1.0): of a configured
 * transmitter, explicitly typed, for one of our streams, signed by the transmitter's key, with a `jti` and a time,
 * without `sub` and `exp`, so that it is no token of another kind, and about sessions or users that tokens can name.
 * Events that end nothing are in the answer by the name `other`.
 *
 * @throws TypeError that names every wrong option.
 */
export function createSecurityEventValidator(options: SecurityEventValidatorOptions): SecurityEventValidator {
  const byTransmitter = new Map(options.issuers.map((one) => [one.transmitter ?? one.issuer, one]));
  return createStatementValidator(
    {
      ...options,
      issuers: options.issuers.map((one) => ({ ...one, issuer: one.transmitter ?? one.issuer })),
    },
    {
      typ: 'secevent+jwt',
      fault: 'The security event token could not be checked.',
      parse({ payload, issuer: { issuer: transmitter, profile }, clock }) {
        const { issuer = transmitter, policy = {} } = byTransmitter.get(transmitter) ?? {};
        for (const name of ['sub', 'exp'])
          if (Object.hasOwn(payload, name)) throw refusal('event_claims', name);
        const tokenId = requiredText(payload, ['jti'], 'token_id');
        const issuedAt = parseTime(payload, clock);
        const happenedAt = optionalTime(payload, 'toe') ?? issuedAt;
        const subject = claim(payload, 'sub_id');
        const context = { issuer: { issuer, transmitter, profile }, policy, subject, happenedAt };
        const events = eventsOf(payload).map(([type, event]) => parseSecurityEvent(type, event, context));
        return { issuer, transmitter, tokenId, issuedAt, events };
      },
    },
  );
}

/** `iat` within bounds. */
function parseTime(payload: Claims, { now, tolerance }: UnverifiedStatement['clock']): number {
  const issuedAt = requiredTime(payload, 'iat');
  if (issuedAt - tolerance > now) throw refusal('issued_in_future');
  if (now - issuedAt > longestEventAge) throw refusal('event_age');
  return issuedAt;
}

/** `events`: at least one, each an object (RFC 8417 §2.2). */
function eventsOf(payload: Claims): readonly (readonly [string, Claims])[] {
  const events = claim(payload, 'events');
  if (!isObject(events)) throw refusal('events');
  const entries = Object.entries(events);
  if (entries.length === 0) throw refusal('events');
  return entries.map(([type, event]) => {
    if (!isObject(event)) throw refusal('events', type);
    return [type, event];
  });
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
