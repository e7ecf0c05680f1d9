import type { Grant } from '@mcp-obo/grant';
import { type RevocationView, refuseOutdated } from '@mcp-obo/revocation';
import type { ClientAuthenticator } from '../client-auth/authenticate.ts';
import type { ResourceRegistry } from '../registry/resource-registry.ts';
import { parseForm } from '../token/form.ts';
import { refuseSecretsInUrl } from '../token/token-endpoint.ts';
import type { FormRequest } from '../token/token-request.ts';
import { isForClient, type RecogniseToken } from './known-token.ts';

export interface IntrospectionEndpointOptions {
  readonly authenticate: ClientAuthenticator;
  readonly recognise: RecogniseToken;
  readonly registry: ResourceRegistry;
  readonly revocations: RevocationView;
}

/**
 * `POST /introspect` (RFC 7662 §2): what a token grants, told to the owner of the resource that it is for and to
 * nobody else. Rejects with 503 while this process may have missed a revocation: `active` would be a guess.
 */
export function createIntrospectionEndpoint(options: IntrospectionEndpointOptions) {
  const { authenticate, recognise, registry, revocations } = options;
  return async ({ query, body, ...proof }: FormRequest): Promise<Record<string, unknown>> => {
    refuseSecretsInUrl(query); //                                 RFC 7662 §4
    const form = parseForm(body);
    const client = await authenticate({ ...proof, form }); //     §2.1
    const known = await recognise(form.required('token')); //     §2.1; the hint is ignored
    if (known === undefined || !isForClient(known, client, registry)) return inactive; // §2.2
    refuseOutdated(revocations, { readOnly: false });
    return revocations.isRevoked(known.grant) ? inactive : describe(known.grant);
  };
}

/** Says nothing about why (RFC 7662 §2.2). */
const inactive = { active: false } as const;

/** Claims that go on as they are: RFC 7662 §2.2, RFC 8693 §4.1, RFC 9470 §6.2, RFC 7800 §3.1. */
const asTheyAre = [
  'sub',
  'aud',
  'iss',
  'exp',
  'iat',
  'nbf',
  'act',
  'acr',
  'auth_time',
  'cnf',
  'sid',
] as const;

function describe({ claims, client, scopes, tokenId }: Grant): Record<string, unknown> {
  const told: Record<string, unknown> = {
    active: true,
    token_type: 'Bearer',
    client_id: client,
    scope: scopes.join(' '),
    jti: tokenId,
  };
  for (const name of asTheyAre) if (Object.hasOwn(claims, name)) told[name] = claims[name];
  return told;
}
