import { isSecureOrLoopback } from './resource.ts';

/**
 * An issuer identifier, exactly as given (RFC 8414 §2).
 *
 * @throws TypeError unless it is an https URL (or http on a loopback host) without query, fragment and user
 *   information.
 */
export function parseIssuer(issuer: string): string {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (url === undefined || !/^https?:\/\/[^/?#]/i.test(issuer))
    throw refused(issuer, 'an absolute https URL');
  if (!isSecureOrLoopback(url)) throw refused(issuer, 'https, or http on a loopback host');
  if (/[?#]/.test(issuer)) throw refused(issuer, 'free of query and fragment');
  if (url.username !== '' || url.password !== '') throw refused(issuer, 'free of user information');
  if (/[\s\\"<>]/.test(issuer)) throw refused(issuer, 'free of white space and quotes');
  return issuer;
}

/**
 * Where the metadata of an issuer may be, in the order of MCP Authorization, "Authorization Server Metadata
 * Discovery": RFC 8414 with the path inserted, OpenID Connect with the path inserted, OpenID Connect with
 * the path first. For an issuer without a path the last two are one.
 */
export function authorizationServerMetadataUrls(issuer: string): readonly string[] {
  const [, origin = '', path = ''] = /^(https?:\/\/[^/]+)(.*?)\/?$/i.exec(parseIssuer(issuer)) ?? [];
  return [
    ...new Set([
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
    ]),
  ];
}

function refused(issuer: string, rule: string): TypeError {
  return new TypeError(`issuer must be ${rule}: ${JSON.stringify(issuer)}`);
}
