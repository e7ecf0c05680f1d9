import { OAuthError } from '@mcp-obo/oauth-error';
import { z } from 'zod';
import type { DiscoveryOptions } from './authorization-server.ts';
import { isLoopbackHost, isSecureOrLoopback } from './resource.ts';

const documentSchema = z.looseObject({
  client_id: z.string(),
  client_name: z.string().min(1),
  redirect_uris: z.array(z.string().refine(isRedirectUri, 'must be an absolute URI without fragment')).min(1),
  client_uri: z.string().optional(),
  logo_uri: z.string().optional(),
  grant_types: z.array(z.string()).optional(),
  response_types: z.array(z.string()).optional(),
  token_endpoint_auth_method: z
    .string()
    .refine((method) => !method.startsWith('client_secret'), 'must not need a shared secret')
    .optional(),
  jwks_uri: z.string().optional(),
  client_secret: z.never().optional(),
  client_secret_expires_at: z.never().optional(),
});

/**
 * A client ID metadata document, members as on the wire
 * (draft-ietf-oauth-client-id-metadata-document §4; MCP Authorization, "Client ID Metadata Documents").
 */
export type ClientIdMetadataDocument = Readonly<z.infer<typeof documentSchema>>;

export interface ClientIdMetadataOptions {
  /** The URL the document is published at; it is the `client_id`. */
  readonly clientId: string;
  readonly clientName: string;
  readonly redirectUris: readonly string[];
  readonly clientUri?: string;
  readonly logoUri?: string;
  /** Keys for `private_key_jwt`; without it the client is public. */
  readonly jwksUri?: string;
}

/** Builds the document a client publishes. @throws TypeError that names what is wrong. */
export function clientIdMetadataDocument(options: ClientIdMetadataOptions): ClientIdMetadataDocument {
  const { jwksUri } = options;
  const document = {
    client_id: parseClientId(options.clientId),
    client_name: options.clientName,
    redirect_uris: [...options.redirectUris],
    ...(options.clientUri === undefined ? {} : { client_uri: options.clientUri }),
    ...(options.logoUri === undefined ? {} : { logo_uri: options.logoUri }),
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: jwksUri === undefined ? 'none' : 'private_key_jwt',
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
  };
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    throw new TypeError(`Client metadata document cannot be built:\n${z.prettifyError(parsed.error)}`);
  }
  return Object.freeze(parsed.data);
}

/**
 * Fetches and checks the document behind a `client_id`. Redirects are not followed and the document must
 * name the very URL it was fetched from (§4.1).
 *
 * Rejects with an `OAuthError` `invalid_client` when the URL or the document breaks a rule, or with what
 * `fetch` rejects with.
 */
export async function readClientIdMetadataDocument(
  clientId: string,
  { fetch, signal }: DiscoveryOptions,
): Promise<ClientIdMetadataDocument> {
  const url = asRefusal(() => parseClientId(clientId));
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: signal ?? null,
  });
  const body = await response.text();
  if (response.status !== 200) throw refused(new Error(`${url}: status ${response.status}`));
  const document = asRefusal(() => documentSchema.parse(JSON.parse(body)));
  if (document.client_id !== clientId) throw refused(new Error(`${url}: client_id is another`));
  return Object.freeze(document);
}

/** The rules for the URL itself (§3). */
function parseClientId(clientId: string): string {
  const url = URL.canParse(clientId) ? new URL(clientId) : undefined;
  const plain = url !== undefined && url.username === '' && url.password === '' && !clientId.includes('#');
  const canonical = url !== undefined && url.href === clientId && url.pathname !== '/';
  if (plain && canonical && isSecureOrLoopback(url)) return clientId;
  throw new TypeError(
    `clientId must be a canonical https URL with a path, without fragment and user information: ${JSON.stringify(clientId)}`,
  );
}

/** https, http on a loopback host, or a scheme of the application's own (RFC 8252 §7). */
function isRedirectUri(uri: string): boolean {
  if (!URL.canParse(uri) || uri.includes('#')) return false;
  const { protocol, hostname } = new URL(uri);
  if (protocol === 'http:') return isLoopbackHost(hostname);
  return protocol === 'https:' || /^[a-z][a-z0-9+-]*\.[a-z0-9+.-]*:$/.test(protocol);
}

function asRefusal<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw refused(cause);
  }
}

function refused(cause: unknown): OAuthError {
  return new OAuthError('invalid_client', 'The client metadata document cannot be used.', {
    reason: 'client_metadata',
    cause,
  });
}
