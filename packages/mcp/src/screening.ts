import { allowedHeaders, exposedHeaders } from '@mcp-obo/metadata';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { HttpRequest } from './guard-options.ts';

export interface ScreeningOptions {
  readonly resource: string;
  /** Values of `Host` that are this server. Default: the host of the resource. */
  readonly allowedHosts?: readonly string[];
  /** Web origins that may call from a browser, besides that of the resource itself. Default: none. */
  readonly allowedOrigins?: readonly string[];
}

/**
 * Refuses a `Host` that is not this server (DNS rebinding) and an `Origin` that may not call
 * (MCP transports, security warning).
 *
 * @returns CORS headers for the answer.
 * @throws OAuthError `access_denied`; `invalid_request` when there are several hosts (RFC 9112 §3.2).
 */
export type Screening = (
  request: Pick<HttpRequest, 'rawHeaders' | 'url'>,
) => Readonly<Record<string, string>>;

export function createScreening({
  resource,
  allowedHosts,
  allowedOrigins = [],
}: ScreeningOptions): Screening {
  const hosts = new Set((allowedHosts ?? [new URL(resource).host]).map((host) => host.toLowerCase()));
  const origins = new Set([new URL(resource).origin, ...allowedOrigins]);
  return (request): Readonly<Record<string, string>> => {
    if (!hosts.has(hostOf(request).toLowerCase())) throw denied('host_not_allowed');
    const [origin, ...others] = headerLines(request, 'origin');
    if (origin === undefined) return {};
    if (others.length > 0 || !origins.has(origin)) throw denied('origin_not_allowed');
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

/** A request target in absolute form (RFC 9112 §3.2.2), and its authority. */
const absoluteForm = /^https?:\/\/([^/?#]*)/i;

/** The request target as handlers know it. A server has to take the absolute form too (RFC 9112 §3.2.2). */
export function originForm(target: string): string {
  const rest = target.replace(absoluteForm, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The host that a request is for: that of its target where it has one, whatever `Host` says. */
function hostOf({ rawHeaders, url }: Pick<HttpRequest, 'rawHeaders' | 'url'>): string {
  const [host = '', ...others] = headerLines({ rawHeaders }, 'host');
  if (others.length > 0)
    throw new OAuthError('invalid_request', 'A request names one host.', { reason: 'several_hosts' });
  return absoluteForm.exec(url)?.[1] ?? host;
}

/** Every line of a header: Node keeps the first `Host` in silence. */
function headerLines({ rawHeaders }: Pick<HttpRequest, 'rawHeaders'>, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

function denied(reason: string): OAuthError {
  return new OAuthError(
    'access_denied',
    'This server does not answer requests for that host or from that page.',
    { reason },
  );
}
