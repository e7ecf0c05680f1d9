import { OAuthError } from '@mcp-obo/oauth-error';
import { z } from 'zod';
import type { DiscoveryOptions } from './authorization-server.ts';
import { parseResource, protectedResourceMetadataUrl, wellKnownPath } from './resource.ts';

const metadataSchema = z.looseObject({
  resource: z.string(),
  authorization_servers: z.array(z.string()).min(1).readonly(),
  scopes_supported: z.array(z.string()).readonly().optional(),
  bearer_methods_supported: z.array(z.string()).readonly().optional(),
  resource_name: z.string().optional(),
});

/** Metadata another server publishes about itself, members as on the wire (RFC 9728 §2). */
export type ForeignResourceMetadata = Readonly<z.infer<typeof metadataSchema>>;

export interface ResourceDiscoveryOptions extends DiscoveryOptions {
  /** `resource_metadata` of the server's challenge; when absent the well-known URIs are tried. */
  readonly resourceMetadata?: string;
}

/**
 * Finds the metadata of the server at `serverUrl`: where its challenge points, else at the path-inserted and
 * then at the root well-known URI (MCP Authorization, "Protected Resource Metadata Discovery").
 *
 * A document counts only if its `resource` is the server URL itself or a parent of it on the same origin;
 * otherwise a malicious server could have tokens made for another one (RFC 9728 §7.3).
 *
 * Rejects with an `OAuthError` `bad_gateway`, reason `resource_mismatch`, `invalid_metadata` or
 * `no_metadata`, or with what `fetch` rejects with.
 */
export async function discoverProtectedResource(
  serverUrl: string,
  { resourceMetadata, fetch, signal }: ResourceDiscoveryOptions,
): Promise<ForeignResourceMetadata> {
  const places = resourceMetadata === undefined ? wellKnownPlaces(serverUrl) : [resourceMetadata];
  for (const url of places) {
    const response = await fetch(url, { headers: { accept: 'application/json' }, signal: signal ?? null });
    const body = await response.text();
    if (response.status !== 200) continue;
    const parsed = metadataSchema.safeParse(parseJson(body));
    if (!parsed.success) throw unusable('invalid_metadata', `${url}: ${z.prettifyError(parsed.error)}`);
    if (!covers(parsed.data.resource, serverUrl)) {
      throw unusable('resource_mismatch', `${url}: resource is ${JSON.stringify(parsed.data.resource)}`);
    }
    return parsed.data;
  }
  throw unusable('no_metadata', `nothing at ${places.join(' or ')}`);
}

function wellKnownPlaces(serverUrl: string): readonly string[] {
  const root = `${new URL(parseResource(serverUrl)).origin}${wellKnownPath}`;
  return [...new Set([protectedResourceMetadataUrl(serverUrl), root])];
}

/** True when the resource is the server or stands above it, path segment by path segment. */
function covers(resource: string, serverUrl: string): boolean {
  if (resource === serverUrl) return true;
  if (!URL.canParse(resource)) return false;
  const parent = new URL(resource);
  const server = new URL(serverUrl);
  const base = parent.pathname.endsWith('/') ? parent.pathname : `${parent.pathname}/`;
  return parent.origin === server.origin && `${server.pathname}/`.startsWith(base);
}

function unusable(reason: string, detail: string): OAuthError {
  return new OAuthError('bad_gateway', 'The metadata of the protected resource cannot be used.', {
    reason,
    cause: new Error(detail),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
