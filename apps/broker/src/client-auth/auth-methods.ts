import type { ClientConfig } from '../config.ts';

/** Values of `token_endpoint_auth_methods_supported` (RFC 8414 §2, RFC 8705 §2) by the method of a client. */
const registeredNames: Readonly<Record<ClientConfig['auth']['method'], readonly string[]>> = {
  private_key_jwt: ['private_key_jwt'],
  client_secret: ['client_secret_basic', 'client_secret_post'],
  tls_client_auth: ['tls_client_auth'],
  self_signed_tls_client_auth: ['self_signed_tls_client_auth'],
  // An assertion of RFC 7523 that the platform signed in the client's place.
  kubernetes: ['private_key_jwt'],
  spiffe: ['spiffe_jwt'],
};

/** The methods that some client uses; what nobody is registered for is not offered. */
export function authMethodsOf(clients: readonly ClientConfig[]): readonly string[] {
  const used = new Set<string>(clients.map(({ auth: { method } }) => method));
  const rows = Object.entries(registeredNames).filter(([method]) => used.has(method));
  return [...new Set(rows.flatMap(([, names]) => names))];
}
