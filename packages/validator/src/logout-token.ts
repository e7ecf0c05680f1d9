import type { UserKey } from '@mcp-obo/grant';
import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { parseAudience, parseTimes } from './access-token.ts';
import { claim, optionalText, requiredText } from './claims.ts';
import { parseCompactJws } from './compact-jws.ts';
import type { IssuerConfig, TrustedIssuer } from './issuer-config.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { parseJoseHeader } from './jose-header.ts';
import { refusal } from './refusal.ts';
import { createReporter } from './reporter.ts';
import { verifySignature } from './signature.ts';
import type { ValidatorOptions } from './validator-options.ts';

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

export interface LogoutTokenValidatorOptions
  extends Pick<ValidatorOptions, 'clockTolerance' | 'maxTokenBytes' | 'now' | 'fetch' | 'log' | 'onEvent'> {
  /** The `audiences` are the client ids that logout tokens are sent to. */
  readonly issuers: readonly IssuerConfig[];
}

export interface LogoutTokenValidator {
  /** Rejects like a validator of access tokens does: `invalid_token`, or 503 when it cannot be checked. */
  readonly validate: (token: string) => Promise<LogoutToken>;
  readonly close: () => void;
}

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
  const { clockTolerance = 30, maxTokenBytes = 8192, now = Date.now } = options;
  const configs = options.issuers.map((issuer) => ({
    ...issuer,
    typ: ['logout+jwt'],
    maxLifetime: longestLife,
  }));
  const report = createReporter(options);
  const { issuers, close } = createIssuerKeys({ ...options, issuers: configs }, now, report.event);

  async function judge(token: string): Promise<LogoutToken> {
    if (token.length > maxTokenBytes) throw refusal('too_large');
    const { header, payload, signatureLength } = parseCompactJws(token);
    const issuer = typeof payload.iss === 'string' ? issuers.get(payload.iss) : undefined;
    if (issuer === undefined) throw refusal('issuer');
    const joseHeader = parseJoseHeader(header, issuer.config);
    parseAudience(payload, issuer.config);
    const clock = { now: now() / 1000, tolerance: clockTolerance };
    const { issuedAt, expiresAt } = parseTimes(payload, issuer.config, clock);
    const tokenId = requiredText(payload, ['jti'], 'token_id');
    const ended = parseEnd(payload, issuer.config);
    await verifySignature(
      { token, header: joseHeader, signatureLength, issuedAt },
      issuer.keys,
      clockTolerance,
    );
    return { issuer: issuer.config.issuer, tokenId, expiresAt, ...ended };
  }

  return {
    async validate(token) {
      try {
        return await judge(token);
      } catch (cause) {
        if (isOAuthError(cause)) throw cause;
        throw new OAuthError('server_error', 'The logout token could not be checked.', {
          reason: 'bug',
          cause,
        });
      }
    },
    close,
  };
}

type Payload = Readonly<Record<string, unknown>>;

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
