/**
 * A resource identifier, exactly as given. It is never normalised: clients compare it byte for byte with
 * the URL they use (RFC 9728 §3.3).
 *
 * @throws TypeError unless it is an absolute https URI (or http on a loopback host) without fragment and
 *   without user information (RFC 8707 §2, RFC 9728 §1.2).
 */
export function parseResource(resource: string): string {
  const url = URL.canParse(resource) ? new URL(resource) : undefined;
  if (url === undefined || !/^https?:\/\/[^/?#]/i.test(resource))
    throw refused(resource, 'an absolute https URI');
  if (!isSecureOrLoopback(url)) throw refused(resource, 'https, or http on a loopback host');
  if (resource.includes('#')) throw refused(resource, 'free of a fragment');
  if (url.username !== '' || url.password !== '') throw refused(resource, 'free of user information');
  if (/[\s\\"<>]/.test(resource)) throw refused(resource, 'free of white space and quotes');
  return resource;
}

/**
 * Where the metadata of a resource is published: the well-known part stands between host and path, and
 * path and query are kept (RFC 9728 §3.1).
 *
 * `https://api.example.com/mcp` → `https://api.example.com/.well-known/oauth-protected-resource/mcp`
 *
 * @throws TypeError when the resource is not one, see {@link parseResource}.
 */
export function protectedResourceMetadataUrl(resource: string): string {
  const { origin, suffix } = splitResource(resource);
  return `${origin}${wellKnownPath}${suffix}`;
}

/** Well-known URI of RFC 9728 §3, under the root of the host. */
export const wellKnownPath = '/.well-known/oauth-protected-resource';

/** Authority part and the rest of a resource; the rest is empty for a bare host or a lone slash. */
export function splitResource(resource: string): { readonly origin: string; readonly suffix: string } {
  const [, origin = '', rest = ''] = /^(https?:\/\/[^/?]+)(.*)$/i.exec(parseResource(resource)) ?? [];
  return { origin, suffix: rest === '/' ? '' : rest.replace(/^\/\?/, '?') };
}

/** True for https anywhere and for http on `localhost`, `127.0.0.0/8` and `[::1]` (RFC 8252 §7.3). */
export function isSecureOrLoopback(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

/** True for `localhost` and loopback address literals; no name is resolved. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(?:localhost|\[::1\]|::1)$/.test(hostname) || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function refused(resource: string, rule: string): TypeError {
  return new TypeError(`resource must be ${rule}: ${JSON.stringify(resource)}`);
}
