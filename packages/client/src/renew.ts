import { OAuthError } from '@mcp-obo/oauth-error';
import * as oauth from 'oauth4webapi';
import type { Discovery } from './discovery.ts';
import { errorCode, httpOptions, serverOf } from './oauth-http.ts';
import type { SessionSetup } from './options.ts';
import type { Registration } from './registration.ts';
import { isDue, type TokenRecord, type TokenVault, tokenRecord } from './token-record.ts';

/**
 * Gets a new access token for a record (RFC 6749 §6) and keeps the rotated refresh token (OAuth 2.1 §4.3.1).
 * Resolves with `undefined` when only a login can help: there is no refresh token, or the server refuses it.
 * Rejects with an `OAuthError` when the server gives no usable answer; the record is then kept.
 */
export type Renew = (record: TokenRecord) => Promise<TokenRecord | undefined>;

/** Must not run twice at the same time for one session: the second would show a token that is used up. */
export function createRenew(
  setup: SessionSetup,
  vault: TokenVault,
  discovery: Discovery,
  registration: Registration,
): Renew {
  return async (record) => {
    const stored = await vault.reload();
    // Another process that shares the store was here first.
    if (stored !== undefined && isOther(stored, record) && !isDue(stored, setup.now())) return stored;
    const latest = stored ?? record;
    if (latest.refreshToken === undefined) return undefined;
    const server = await discovery.server(latest.issuer);
    const registered = await registration.recall(server, latest.clientId);
    if (registered === undefined) return undefined;
    try {
      const response = await oauth.refreshTokenGrantRequest(
        serverOf(server),
        registered.client,
        registered.authentication,
        latest.refreshToken,
        { ...httpOptions(setup), additionalParameters: { resource: latest.resource } },
      );
      const answer = await oauth.processRefreshTokenResponse(serverOf(server), registered.client, response);
      const { issuer, resource, clientId, refreshToken, scopes: requested } = latest;
      const now = setup.now();
      return vault.save(tokenRecord(answer, { issuer, resource, clientId, refreshToken, requested, now }));
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'invalid_grant' && code !== 'invalid_client') throw notRenewed(error);
      const winner = await vault.reload();
      if (winner !== undefined && isOther(winner, latest)) return winner;
      if (code === 'invalid_client') await registration.forget(server);
      await vault.clear();
      return undefined;
    }
  };
}

function isOther(a: TokenRecord, b: TokenRecord): boolean {
  return a.accessToken !== b.accessToken;
}

function notRenewed(cause: unknown): OAuthError {
  if (cause instanceof OAuthError) return cause;
  return new OAuthError('temporarily_unavailable', 'The access token could not be renewed.', {
    reason: 'refresh_failed',
    cause,
  });
}
