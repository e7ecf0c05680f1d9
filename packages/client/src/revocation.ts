import * as oauth from 'oauth4webapi';
import type { Discovery } from './discovery.ts';
import { httpOptions, serverOf } from './oauth-http.ts';
import type { SessionSetup } from './options.ts';
import type { Registration } from './registration.ts';
import type { TokenRecord } from './token-record.ts';

export interface RevocationResult {
  /** True when the authorization server confirmed it for every token. */
  readonly revoked: boolean;
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
    for (const [hint, token] of [
      ['refresh_token', record.refreshToken],
      ['access_token', record.accessToken],
    ] as const) {
      if (token === undefined) continue;
      const response = await oauth.revocationRequest(
        serverOf(server),
        registered.client,
        registered.authentication,
        token,
        { ...httpOptions(setup), additionalParameters: { token_type_hint: hint } },
      );
      await oauth.processRevocationResponse(response);
    }
    return { revoked: true };
  } catch (cause) {
    return { revoked: false, cause };
  }
}
