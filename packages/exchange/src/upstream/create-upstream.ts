import type { IdpProfile } from '@mcp-obo/idp-profile';
import { decodeJwt } from 'jose';
import { clientCredentialsRequest } from './client-credentials.ts';
import { entraOboRequest } from './entra-obo.ts';
import type { GrantRequest } from './grant-request.ts';
import { createRegistrations, type RegistrationsOptions } from './registrations.ts';
import { rfc8693Request } from './rfc8693.ts';
import type { Upstream, UpstreamExchange } from './upstream.ts';

export interface UpstreamOptions extends Omit<RegistrationsOptions, 'errorRows'> {
  readonly tenant: string;
  /** Found by discovery when absent. */
  readonly jwksUri?: string;
  /** Further `iss` values of its tokens (Entra: `https://sts.windows.net/{tid}/` for v1.0 tokens). */
  readonly answerIssuers?: readonly string[];
}

/** How each profile spells the on-behalf-of request. */
const exchangeRequests: Readonly<
  Record<IdpProfile['exchange']['grant'], (profile: IdpProfile, request: UpstreamExchange) => GrantRequest>
> = { rfc8693: rfc8693Request, 'entra-obo': entraOboRequest };

/**
 * An identity provider that tokens are obtained from.
 *
 * @throws TypeError at start for a token endpoint that is neither https nor on loopback, or a key that cannot sign.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { issuer, profile } = options;
  const { registration, ask, revoke } = createRegistrations(options);
  const answerIssuers = [...new Set([issuer, ...(options.answerIssuers ?? [])])];
  return {
    issuer,
    tenant: options.tenant,
    profile,
    ...(options.jwksUri === undefined ? {} : { jwksUri: options.jwksUri }),
    answerIssuers,
    registration,
    async exchange(request, deadline) {
      const grant = exchangeRequests[profile.exchange.grant](profile, request);
      return ask(request.client, 'exchange', grant, deadline);
    },
    async clientCredentials(request, deadline) {
      return ask(request.client, 'client_credentials', clientCredentialsRequest(profile, request), deadline);
    },
    ...(profile.revocation.accessTokens && {
      revoke: (client, token, deadline) => revoke(client, token, deadline, issuerAmong(answerIssuers, token)),
    }),
  };
}

/** Who issued a token, if it is one of these; it has been validated. Undefined for one that nobody can read. */
function issuerAmong(issuers: readonly string[], token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return issuers.find((issuer) => issuer === iss);
  } catch {
    return undefined;
  }
}
