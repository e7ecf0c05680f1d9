import { OAuthError } from '@mcp-obo/oauth-error';
import type { ClientAuthenticator } from '../client-auth/authenticate.ts';
import type { ClientConfig } from '../config.ts';
import type { Caller } from './caller.ts';
import { parseForm, type TokenForm } from './form.ts';
import type { Repeat, Repeats } from './repeats.ts';
import type { TokenRequest } from './token-request.ts';

/** One grant: the parsed form and the authenticated client in, the JSON of the answer out. */
export type GrantHandler = (form: TokenForm, caller: Caller) => Promise<Record<string, unknown>>;

export type GrantName = ClientConfig['grants'][number];

/** `grant_type` values by the name a client is registered with. */
export const grantTypes: Readonly<Record<GrantName, string>> = {
  'token-exchange': 'urn:ietf:params:oauth:grant-type:token-exchange',
  'jwt-bearer': 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  client_credentials: 'client_credentials',
};

export interface TokenEndpointOptions {
  readonly authenticate: ClientAuthenticator;
  readonly grants: Readonly<Record<GrantName, GrantHandler>>;
  /** Told of every refusal of a client that has proved itself. */
  readonly onRefused?: (error: unknown, client: ClientConfig) => void;
  /** Requests that were answered before. */
  readonly repeats?: Repeats;
}

/** The token endpoint (RFC 6749 §3.2): what is common to all grants, in order. */
export function createTokenEndpoint({ authenticate, grants, onRefused, repeats }: TokenEndpointOptions) {
  return async (request: TokenRequest): Promise<Record<string, unknown>> => {
    const name = repeats?.nameOf(request);
    const again = await repeats?.answer(name);
    if (again !== undefined) return again;
    refuseSecretsInUrl(request.query); //                             RFC 6749 §2.3.1
    const form = parseForm(request.body); //                          RFC 6749 §3.2
    const grant = readGrant(form); //                                 RFC 6749 §4.5
    const client = await authenticate({ ...request, form }); //       RFC 6749 §3.2.1
    try {
      refuseUnregisteredGrant(client, grant); //                      RFC 6749 §5.2
      const repeatable = name && ((repeat: Repeat) => repeats?.keep(name, client, repeat));
      return await grants[grant](form, { client, tenant: request.tenant, ...(repeatable && { repeatable }) });
    } catch (error) {
      onRefused?.(error, client);
      throw error;
    }
  };
}

const secrets = [
  'client_secret',
  'client_assertion',
  'assertion',
  'subject_token',
  'actor_token',
  'token',
  'logout_token',
];

/** Secrets belong in the body (RFC 6749 §2.3.1). */
export function refuseSecretsInUrl(query: readonly string[]): void {
  if (query.some((name) => secrets.includes(name)))
    throw new OAuthError('invalid_request', 'Parameters belong in the body of the request.', {
      reason: 'secret_in_url',
    });
}

function readGrant(form: TokenForm): GrantName {
  const type = form.required('grant_type');
  for (const [name, value] of Object.entries(grantTypes)) if (value === type) return name as GrantName;
  throw new OAuthError('unsupported_grant_type', 'This grant type is not supported.');
}

function refuseUnregisteredGrant(client: ClientConfig, grant: GrantName): void {
  if (!client.grants.includes(grant))
    throw new OAuthError('unauthorized_client', 'The client is not registered for this grant type.');
}
