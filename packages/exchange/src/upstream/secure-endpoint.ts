/**
 * Credentials and tokens go to https, or to http on this machine, and nowhere else.
 *
 * @throws TypeError at start otherwise.
 */
export function assertSecureEndpoint(endpoint: string): void {
  const { protocol, hostname } = new URL(endpoint);
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return;
  throw new TypeError(`The token endpoint must be https, or http on loopback: ${endpoint}`);
}

/** True for `localhost` and loopback address literals; no name is resolved. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname);
}
