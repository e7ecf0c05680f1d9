import type { Credential } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';

/** The parts of an HTTP request that can carry a credential. */
export interface CredentialRequest {
  readonly method: string;
  /** Names and values in turn, as Node reads them: the parsed headers drop a second `Authorization`. */
  readonly rawHeaders: readonly string[];
  /** Path and query as received. */
  readonly url: string;
}

/**
 * The credential of a request, from its `Authorization` header and nowhere else (RFC 6750 §2.1, RFC 9700
 * §4.3.2): not from the body, a cookie or the query.
 *
 * @param resourceUrl this server's own URL; the credential's `url` has its origin and never the `Host` header's.
 * @returns undefined when the request has no bearer credential (none at all, or of another scheme).
 * @throws OAuthError `invalid_request` (400) for a malformed or repeated header, or a token in header and query.
 */
export function readCredential(request: CredentialRequest, resourceUrl: string): Credential | undefined {
  const values = headerValues(request.rawHeaders, 'authorization');
  if (values.length > 1) throw malformed('authorization_repeated');
  const [value] = values;
  if (value === undefined) return undefined;
  const token = bearerToken(value);
  if (token === undefined) return undefined;
  const { path, query } = splitUrl(request.url);
  if (new URLSearchParams(query).has('access_token')) throw malformed('token_in_query');
  const [proof, ...furtherProofs] = headerValues(request.rawHeaders, 'dpop');
  return {
    scheme: 'Bearer',
    token,
    ...(proof === undefined || furtherProofs.length > 0 ? {} : { proof }),
    method: request.method,
    url: urlOf(resourceUrl, path),
  };
}

/** `Bearer` 1*SP token, the scheme in any case (RFC 6750 §2.1, RFC 9110 §11.1). */
function bearerToken(value: string): string | undefined {
  const [scheme, ...words] = value.split(' ').filter((word, index) => word !== '' || index === 0);
  if (scheme === undefined || scheme === '') throw malformed('authorization_empty');
  if (scheme.toLowerCase() !== 'bearer') return undefined;
  const [token, ...rest] = words;
  if (token === undefined || rest.length > 0 || /\s/.test(token)) throw malformed('authorization_malformed');
  return token;
}

function headerValues(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.flatMap((value, index) =>
    index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name ? [value] : [],
  );
}

function splitUrl(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** Origin from the configuration, path from the request line. A resource that is no URL (`api://…`) stays as it is. */
function urlOf(resourceUrl: string, path: string): string {
  const { origin } = new URL(resourceUrl);
  return origin === 'null' || !path.startsWith('/') ? resourceUrl : `${origin}${path}`;
}

function malformed(reason: string): OAuthError {
  return new OAuthError(
    'invalid_request',
    'The Authorization header is malformed, or the token was sent twice.',
    {
      reason,
    },
  );
}
