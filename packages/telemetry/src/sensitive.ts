/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/**
 * Names of parameters, headers and members whose value is a credential, whatever it looks like.
 * RFC 6749, 7009, 7521, 7523, 7636, 8628, 8693, 9101, 9449; OpenID Connect; HTTP.
 */
const names = [
  'access_token',
  'refresh_token',
  'id_token',
  'id_token_hint',
  'logout_token',
  'subject_token',
  'actor_token',
  'registration_access_token',
  'client_assertion',
  'client_secret',
  'code_verifier',
  'device_code',
  'private_key',
  'password',
  'secret',
] as const;

/** Names that are words of everyday speech too: a credential only as a member of an object or in a query or form. */
const shortNames = ['token', 'assertion', 'code', 'credential'] as const;

/** Headers whose whole value is a credential. */
const headers = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'dpop',
  'x-api-key',
] as const;

const members: ReadonlySet<string> = new Set([...names, ...shortNames, ...headers].map(normalise));

/** True when a member of this name holds a credential: `accessToken`, `access_token` and `Access-Token` alike. */
export function isSensitiveMember(name: string): boolean {
  return members.has(normalise(name));
}

/** Private members of a JWK (RFC 7518 §6.2.2, §6.3.2, §6.4.1); they mean a secret only beside `kty`. */
export const privateJwkMembers: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']);

/** Alternatives for a regular expression, as they stand in text. */
export const sensitiveText = {
  names: [...names, ...names.map(camel)].join('|'),
  shortNames: shortNames.join('|'),
  headers: headers.join('|'),
};

function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

function camel(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
