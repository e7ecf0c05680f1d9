import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import type { Revocation } from '@mcp-obo/revocation';
import type { LogoutToken } from '@mcp-obo/validator';
import type { ReplayGuard } from '../client-auth/replay-guard.ts';
import { parseForm } from '../token/form.ts';
import { refuseSecretsInUrl } from '../token/token-endpoint.ts';
import type { FormRequest } from '../token/token-request.ts';
import type { RevocationObserver } from './revocation-observer.ts';
import type { Revoker } from './revoker.ts';

export interface BackchannelLogoutOptions {
  readonly validate: (logoutToken: string) => Promise<LogoutToken>;
  readonly replay: ReplayGuard;
  readonly revoke: Revoker['revoke'];
  readonly observer: RevocationObserver;
}

/** How far clocks may be apart, seconds. */
const clockTolerance = 30;

/**
 * `POST /backchannel-logout` (OpenID Connect Back-Channel Logout 1.0 §2.5–2.8): an issuer tells that a session, or
 * every session of a user, has ended. The signature of the token is all that authenticates the request.
 */
export function createBackchannelLogout({ validate, replay, revoke, observer }: BackchannelLogoutOptions) {
  return async ({ query, body }: FormRequest): Promise<undefined> => {
    try {
      refuseSecretsInUrl(query);
      const token = await validate(parseForm(body).required('logout_token')); //  §2.6
      await refuseReplay(token); //                                               §2.6, step 8
      const ended = endOf(token); //                                              §2.7
      await revoke(ended);
      observer.revoked(ended, { reason: 'backchannel_logout', user: token.user });
      return undefined;
    } catch (error) {
      observer.refused(error);
      throw asBadRequest(error);
    }
  };

  async function refuseReplay({ issuer, tokenId, expiresAt }: LogoutToken): Promise<void> {
    const until = (expiresAt + clockTolerance) * 1000;
    if (await replay.firstUse(`logout ${issuer}`, tokenId, until)) return;
    throw new OAuthError('invalid_request', message, { reason: 'logout_replay' });
  }
}

const message = 'The logout token is not valid.';

function endOf({ issuer, session, user }: LogoutToken): Revocation {
  if (session !== undefined) return { kind: 'session', issuer, id: session };
  if (user !== undefined) return { kind: 'user', issuer, id: user.key };
  throw new OAuthError('server_error', 'The logout could not be done.', { reason: 'bug' });
}

/** §2.8: 400 for a token that is not valid. */
function asBadRequest(error: unknown): unknown {
  if (!isOAuthError(error) || error.code !== 'invalid_token') return error;
  return new OAuthError('invalid_request', message, { reason: error.reason, cause: error });
}
