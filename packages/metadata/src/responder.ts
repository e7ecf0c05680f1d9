import { hash } from 'node:crypto';
import { publicCorsHeaders, publicPreflightHeaders } from './cors.ts';
import type { ProtectedResourceMetadata } from './document.ts';
import { protectedResourceMetadataUrl, wellKnownPath } from './resource.ts';

export interface MetadataRoutesOptions {
  readonly metadata: ProtectedResourceMetadata;
  /** How long caches may keep the document, in seconds. One hour by default. */
  readonly maxAge?: number;
}

/** The parts of a request that decide the answer. `Host` and forwarding headers are not among them. */
export interface MetadataRequest {
  readonly method: string;
  /** Path, with or without a query, as in `request.url`. */
  readonly url: string;
  readonly ifNoneMatch?: string;
}

export interface MetadataResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers below the well-known URI of RFC 9728; `undefined` for every other path. */
export type MetadataResponder = (request: MetadataRequest) => MetadataResponse | undefined;

/**
 * Serves one document at the path-inserted and at the root well-known URI, byte for byte the same (RFC 9728
 * §3.1; MCP Authorization asks clients to try both). Any other suffix is 404: it would be the metadata of
 * another resource, and what a document says must match where it was found (§3.3).
 */
export function createMetadataResponder({
  metadata,
  maxAge = 3600,
}: MetadataRoutesOptions): MetadataResponder {
  const paths = new Set([wellKnownPath, pathOf(protectedResourceMetadataUrl(metadata.resource))]);
  const body = JSON.stringify(metadata);
  const etag = `"${hash('sha256', body, 'base64url')}"`;
  const cached = { ...publicCorsHeaders, etag, 'cache-control': `public, max-age=${maxAge}` };
  const document = { ...cached, 'content-type': 'application/json' };

  return ({ method, url, ifNoneMatch }) => {
    const path = pathOf(url);
    if (path !== wellKnownPath && !path.startsWith(`${wellKnownPath}/`)) return undefined;
    if (!paths.has(path)) return { status: 404, headers: publicCorsHeaders, body: '' };
    if (method === 'OPTIONS') {
      return { status: 204, headers: { ...publicCorsHeaders, ...publicPreflightHeaders }, body: '' };
    }
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: 405, headers: { ...publicCorsHeaders, allow: 'GET, HEAD, OPTIONS' }, body: '' };
    }
    if (matches(ifNoneMatch, etag)) return { status: 304, headers: cached, body: '' };
    return { status: 200, headers: document, body: method === 'HEAD' ? '' : body };
  };
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]*/i, '').replace(/[?#].*$/s, '');
}

/** `If-None-Match` compares weakly (RFC 9110 §13.1.2). */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const candidates = ifNoneMatch?.split(',').map((value) => value.trim().replace(/^W\//, '')) ?? [];
  return candidates.includes('*') || candidates.includes(etag);
}
