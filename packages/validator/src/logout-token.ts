import type { UserKey } from '@mcp-obo/grant';
import { parseTimes } from './access-token.ts';
import { claim, optionalText, requiredText } from './claims.ts';
import type { IssuerConfig, TrustedIssuer } from './issuer-config.ts';
import { refusal } from './refusal.ts';
import {
  createStatementValidator,
  type StatementValidator,
  type StatementValidatorOptions,
  type UnverifiedStatement,
} from './signed-statement.ts';

/** What an issuer says has ended: one session, or all of a user. */
export interface LogoutToken {
  readonly issuer: string;
  /** `jti`: whoever acts on the token must not act on it twice. */
  readonly tokenId: string;
  /** `exp`, seconds since the epoch. */
  readonly expiresAt: number;
  /** `sid`; present means that this session alone has ended. */
  readonly session?: string;
  /** By the issuer's profile; absent where `sub` is not how its access tokens name a user (Entra, Okta). */
  readonly user?: UserKey;
}

export interface LogoutTokenValidatorOptions extends StatementValidatorOptions {
  /** The `audiences` are the client ids that logout tokens are sent to. */
  readonly issuers: readonly IssuerConfig[];
}

export type LogoutTokenValidator = StatementValidator<LogoutToken>;

/** The member of `events` that makes a token a logout token. */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** The longest accepted `exp - iat`, seconds; two minutes are recommended. */
const longestLife = 600;

/**
 * A validator of logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6): of a configured issuer, explicitly
 * typed, for one of our clients, signed by the issuer's key, with the logout event, without a `nonce`, and about
 * a session or a user.
 *
 * @throws TypeError that names every wrong option.
 */
export function createLogoutTokenValidator(options: LogoutTokenValidatorOptions): LogoutTokenValidator {
  return createStatementValidator(
    { ...options, issuers: options.issuers.map((issuer) => ({ ...issuer, maxLifetime: longestLife })) },
    { typ: 'logout+jwt', parse: parseLogout, fault: 'The logout token could not be checked.' },
  );
}

function parseLogout({ payload, issuer, clock }: UnverifiedStatement): LogoutToken {
  const { expiresAt } = parseTimes(payload, issuer, clock);
  const tokenId = requiredText(payload, ['jti'], 'token_id');
  return { issuer: issuer.issuer, tokenId, expiresAt, ...parseEnd(payload, issuer) };
}

type Payload = UnverifiedStatement['payload'];

/** What has ended, of a token that is a logout token and nothing else. */
function parseEnd(
  payload: Payload,
  { issuer, profile }: TrustedIssuer,
): Pick<LogoutToken, 'session' | 'user'> {
  const events = claim(payload, 'events');
  if (typeof events !== 'object' || events === null || !Object.hasOwn(events, logoutEvent))
    throw refusal('logout_event');
  if (Object.hasOwn(payload, 'nonce')) throw refusal('logout_nonce');
  const session = optionalText(payload, 'sid');
  const key = optionalText(payload, 'sub') === undefined ? undefined : profile.token.userKey(payload);
  if (session === undefined && key === undefined) throw refusal('logout_subject');
  return {
    ...(session === undefined ? {} : { session }),
    ...(key === undefined ? {} : { user: { issuer, key } }),
  };
}
