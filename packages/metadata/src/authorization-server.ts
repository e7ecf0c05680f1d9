import { OAuthError } from '@mcp-obo/oauth-error';
import { z } from 'zod';
import { authorizationServerMetadataUrls } from './issuer.ts';
import { isSecureOrLoopback } from './resource.ts';

const endpoint = z
  .string()
  .refine((url) => URL.canParse(url) && isSecureOrLoopback(new URL(url)), 'must be an https URL');
const names = z.array(z.string()).readonly();

const metadataSchema = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: endpoint.optional(),
  token_endpoint: endpoint.optional(),
  jwks_uri: endpoint.optional(),
  registration_endpoint: endpoint.optional(),
  revocation_endpoint: endpoint.optional(),
  introspection_endpoint: endpoint.optional(),
  scopes_supported: names.optional(),
  response_types_supported: names.optional(),
  grant_types_supported: names.optional(),
  code_challenge_methods_supported: names.optional(),
  token_endpoint_auth_methods_supported: names.optional(),
  acr_values_supported: names.optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
  client_id_metadata_document_supported: z.boolean().optional(),
  dpop_signing_alg_values_supported: names.optional(),
});

/**
 * Metadata of an authorization server, members as on the wire (RFC 8414 §2, OpenID Connect Discovery §3).
 * Members that are not listed here are kept as `unknown`.
 */
export type AuthorizationServerMetadata = Readonly<z.infer<typeof metadataSchema>>;

export interface DiscoveryOptions {
  /** A guarded fetch, see `createGuardedFetch`. */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  readonly signal?: AbortSignal;
}

/**
 * Finds the metadata of an issuer at the three places clients look. A document is used only if its `issuer`
 * is the one asked for, byte for byte (RFC 8414 §3.3).
 *
 * Rejects with an `OAuthError`: `bad_gateway` with reason `issuer_mismatch`, `invalid_metadata` or
 * `no_metadata`; `temporarily_unavailable` with reason `metadata_unavailable` when the issuer failed to
 * answer; or what `fetch` rejects with.
 */
export async function discoverAuthorizationServer(
  issuer: string,
  { fetch, signal }: DiscoveryOptions,
): Promise<AuthorizationServerMetadata> {
  const misses: Miss[] = [];
  for (const url of authorizationServerMetadataUrls(issuer)) {
    const found = await look(url, issuer, { fetch, signal });
    if (!('reason' in found)) return found.metadata;
    misses.push(found);
  }
  throw gaveUp(issuer, misses);
}

/** Why one place has no document to use; the first reason in this order is the one that is reported. */
const missReasons = ['issuer_mismatch', 'invalid_metadata', 'metadata_unavailable', 'no_metadata'] as const;

interface Miss {
  readonly reason: (typeof missReasons)[number];
  readonly detail: string;
}

async function look(
  url: string,
  issuer: string,
  { fetch, signal }: DiscoveryOptions,
): Promise<Miss | { readonly metadata: AuthorizationServerMetadata }> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, signal: signal ?? null });
  const body = await response.text();
  if (response.status >= 500 || response.status === 429) {
    return { reason: 'metadata_unavailable', detail: `${url}: status ${response.status}` };
  }
  const document = response.status === 200 ? parseJson(body) : undefined;
  if (document === undefined) return { reason: 'no_metadata', detail: `${url}: status ${response.status}` };
  const parsed = metadataSchema.safeParse(document);
  if (!parsed.success) {
    return { reason: 'invalid_metadata', detail: `${url}: ${z.prettifyError(parsed.error)}` };
  }
  if (parsed.data.issuer !== issuer) {
    return { reason: 'issuer_mismatch', detail: `${url}: issuer is ${JSON.stringify(parsed.data.issuer)}` };
  }
  return { metadata: parsed.data };
}

function gaveUp(issuer: string, misses: readonly Miss[]): OAuthError {
  const reason = missReasons.find((candidate) => misses.some((miss) => miss.reason === candidate));
  const cause = new Error(
    `No usable metadata of ${issuer}:\n${misses.map(({ detail }) => `  ${detail}`).join('\n')}`,
  );
  return reason === 'metadata_unavailable'
    ? new OAuthError('temporarily_unavailable', 'The authorization server does not answer.', {
        reason,
        retryAfter: 5,
        cause,
      })
    : new OAuthError('bad_gateway', 'The metadata of the authorization server cannot be used.', {
        reason,
        cause,
      });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
