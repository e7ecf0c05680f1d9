import * as oauth from 'oauth4webapi';
import type { Discovery } from './discovery.ts';
import { errorCode, httpOptions, serverOf } from './oauth-http.ts';
import type { SessionSetup } from './options.ts';
import type { RegisteredClient, Registration } from './registration.ts';
import type { TokenRecord } from './token-record.ts';

export interface RevocationResult {
  /** True when the authorization server confirmed that nothing new can be had with what the session held. */
  readonly revoked: boolean;
  /**
   * Seconds since the epoch until which the access token may still be taken: the server cannot revoke
   * access tokens of its kind (`unsupported_token_type`, RFC 7009 §2.2.1), only the refresh token.
   */
  readonly accessTokenUntil?: number;
  /** Why it could not be confirmed. The tokens are gone from this side all the same. */
  readonly cause?: unknown;
}

/** Revokes refresh and access token, in this order, so that no new token can be made in between (RFC 7009 §2). */
export async function revokeTokens(
  setup: SessionSetup,
  discovery: Discovery,
  registration: Registration,
  record: TokenRecord,
): Promise<RevocationResult> {
  try {
    const server = await discovery.server(record.issuer);
    const registered = await registration.recall(server, record.clientId);
    if (registered === undefined || server.revocation_endpoint === undefined) {
      return { revoked: false, cause: new Error(`${record.issuer} offers this client no revocation`) };
    }
    const revoke = revocationAt(setup, serverOf(server), registered);
    if (record.refreshToken !== undefined) await revoke('refresh_token', record.refreshToken);
    try {
      await revoke('access_token', record.accessToken);
    } catch (error) {
      if (errorCode(error) !== 'unsupported_token_type' || record.refreshToken === undefined) throw error;
      return { revoked: true, ...(record.expiresAt && { accessTokenUntil: record.expiresAt }) };
    }
    return { revoked: true };
  } catch (cause) {
    return { revoked: false, cause };
  }
}

function revocationAt(setup: SessionSetup, server: oauth.AuthorizationServer, registered: RegisteredClient) {
  return async (hint: string, token: string): Promise<void> => {
    const { client, authentication } = registered;
    const options = { ...httpOptions(setup), additionalParameters: { token_type_hint: hint } };
    const response = await oauth.revocationRequest(server, client, authentication, token, options);
    await oauth.processRevocationResponse(response);
  };
}
