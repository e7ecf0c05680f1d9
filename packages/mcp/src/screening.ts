import { allowedHeaders, exposedHeaders } from '@mcp-obo/metadata';
import { OAuthError } from '@mcp-obo/oauth-error';

export interface ScreeningOptions {
  readonly resource: string;
  /** Values of `Host` that are this server. Default: the host of the resource. */
  readonly allowedHosts?: readonly string[];
  /** Web origins that may call from a browser. Default: none. */
  readonly allowedOrigins?: readonly string[];
}

/** The headers that say where a request thinks it is going, and which page sent it. */
export interface Whereabouts {
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/**
 * Refuses a `Host` that is not this server (DNS rebinding) and an `Origin` that may not call
 * (MCP transports, security warning).
 *
 * @returns CORS headers for the answer.
 * @throws OAuthError `access_denied`.
 */
export type Screening = (request: Whereabouts) => Readonly<Record<string, string>>;

export function createScreening({
  resource,
  allowedHosts,
  allowedOrigins = [],
}: ScreeningOptions): Screening {
  const hosts = new Set((allowedHosts ?? [new URL(resource).host]).map((host) => host.toLowerCase()));
  const origins = new Set(allowedOrigins);
  return ({ host, origin }): Readonly<Record<string, string>> => {
    if (host === undefined || !hosts.has(host.toLowerCase())) throw denied('host_not_allowed');
    if (origin === undefined) return {};
    if (!origins.has(origin)) throw denied('origin_not_allowed');
    return {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': exposedHeaders.join(', '),
      vary: 'Origin',
    };
  };
}

/** Further headers of the answer to a preflight of an allowed origin (Fetch, CORS-preflight request). */
export const preflightHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'GET, POST, DELETE',
  'access-control-allow-headers': allowedHeaders.join(', '),
  'access-control-max-age': '600',
};

function denied(reason: string): OAuthError {
  return new OAuthError(
    'access_denied',
    'This server does not answer requests for that host or from that page.',
    { reason },
  );
}
