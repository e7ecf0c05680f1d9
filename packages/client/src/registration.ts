import { type AuthorizationServerMetadata, isLoopbackHost } from '@mcp-obo/metadata';
import { OAuthError } from '@mcp-obo/oauth-error';
import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import { httpOptions, serverOf } from './oauth-http.ts';
import type { SessionSetup } from './options.ts';

/** A client as one authorization server knows it. */
export interface RegisteredClient {
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
}

export interface Registration {
  /** The client for a login, registered now if need be. */
  obtain(server: AuthorizationServerMetadata, redirectUri: string): Promise<RegisteredClient>;
  /** The client a token was issued to, if it is still known here. */
  recall(server: AuthorizationServerMetadata, clientId: string): Promise<RegisteredClient | undefined>;
  /** Drops a dynamic registration that the authorization server has forgotten. */
  forget(server: AuthorizationServerMetadata): Promise<void>;
}

/**
 * Obtains a client in the order of MCP Authorization: registered already, by metadata document where the
 * authorization server takes one, by dynamic registration (RFC 7591).
 */
export function createRegistration(setup: SessionSetup): Registration {
  return {
    obtain: async (server, redirectUri) =>
      fixedClient(setup, server) ??
      (await storedClient(setup, server, redirectUri)) ??
      (await registerClient(setup, server, redirectUri)),
    async recall(server, clientId) {
      const known = fixedClient(setup, server) ?? (await storedClient(setup, server));
      return known?.client.client_id === clientId ? known : undefined;
    },
    forget: (server) => setup.store.delete(storeKey(server)),
  };
}

const storedSchema = z.looseObject({
  client_id: z.string(),
  client_secret: z.string().optional(),
  client_secret_expires_at: z.number().optional(),
  redirect_uris: z.array(z.string()).optional(),
  token_endpoint_auth_method: z.string().optional(),
});
type Stored = z.infer<typeof storedSchema>;

function fixedClient(
  { clientId, clientSecret, clientIdMetadataUrl }: SessionSetup,
  server: AuthorizationServerMetadata,
): RegisteredClient | undefined {
  if (clientId !== undefined)
    return authenticated({ client_id: clientId, client_secret: clientSecret }, server);
  if (clientIdMetadataUrl === undefined || server.client_id_metadata_document_supported !== true) {
    return undefined;
  }
  return authenticated({ client_id: clientIdMetadataUrl }, server);
}

/** A registration is used again only while its secret lives and it covers the redirect URI byte for byte. */
async function storedClient(
  { store, now }: SessionSetup,
  server: AuthorizationServerMetadata,
  redirectUri?: string,
): Promise<RegisteredClient | undefined> {
  const stored = parseStored(await store.get(storeKey(server)));
  if (stored === undefined) return undefined;
  const expires = stored.client_secret_expires_at ?? 0;
  if (expires !== 0 && expires <= now() / 1000) return undefined;
  if (redirectUri !== undefined && !stored.redirect_uris?.includes(redirectUri)) return undefined;
  return authenticated(stored, server);
}

async function registerClient(
  setup: SessionSetup,
  server: AuthorizationServerMetadata,
  redirectUri: string,
): Promise<RegisteredClient> {
  if (server.registration_endpoint === undefined) throw noRegistration(server.issuer);
  // A registered scope becomes the ceiling of the client, and a later step-up fails with invalid_scope.
  const { scope: _, ...metadata } = setup.clientMetadata;
  const request = {
    client_name: 'MCP client',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: isLoopbackHost(new URL(redirectUri).hostname) ? 'native' : 'web',
    ...metadata,
    redirect_uris: [redirectUri],
  };
  const response = await oauth.dynamicClientRegistrationRequest(
    serverOf(server),
    request as Parameters<typeof oauth.dynamicClientRegistrationRequest>[1],
    httpOptions(setup),
  );
  const answer = await oauth.processDynamicClientRegistrationResponse(await withSecretExpiry(response));
  const registered = storedSchema.parse({ ...request, ...answer, redirect_uris: [redirectUri] });
  await setup.store.set(storeKey(server), JSON.stringify(registered));
  return authenticated(registered, server);
}

/** A secret whose end is left out, which RFC 7591 §3.2.1 does not allow and servers do, is one without an end. */
async function withSecretExpiry(response: Response): Promise<Response> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  if (typeof body !== 'object' || body === null || !('client_secret' in body)) return response;
  if ('client_secret_expires_at' in body) return response;
  const { status, headers } = response;
  return Response.json({ ...body, client_secret_expires_at: 0 }, { status, headers });
}

function authenticated(stored: Stored, server: AuthorizationServerMetadata): RegisteredClient {
  const { client_id, client_secret, token_endpoint_auth_method } = stored;
  if (client_secret === undefined) return { client: { client_id }, authentication: oauth.None() };
  // Without a word from the server it is Basic (RFC 8414 §2), which is also the default of a registration.
  const methods = token_endpoint_auth_method?.startsWith('client_secret_')
    ? [token_endpoint_auth_method]
    : (server.token_endpoint_auth_methods_supported ?? []);
  const post = methods.includes('client_secret_post') && !methods.includes('client_secret_basic');
  return {
    client: { client_id },
    authentication: post ? oauth.ClientSecretPost(client_secret) : oauth.ClientSecretBasic(client_secret),
  };
}

function storeKey({ issuer }: AuthorizationServerMetadata): string {
  return `client ${issuer}`;
}

function parseStored(text: string | undefined): Stored | undefined {
  if (text === undefined) return undefined;
  try {
    return storedSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function noRegistration(issuer: string): OAuthError {
  return new OAuthError('unauthorized_client', 'This client is not registered and cannot register itself.', {
    reason: 'no_registration',
    cause: new Error(`${issuer} takes neither metadata documents nor dynamic registration: give a clientId`),
  });
}
