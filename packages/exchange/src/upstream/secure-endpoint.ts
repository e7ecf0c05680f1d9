import { isLoopbackHost } from '@mcp-obo/metadata';

/**
 * Credentials and tokens go to https, or to http on this machine, and nowhere else.
 *
 * @throws TypeError at start otherwise.
 */
export function assertSecureEndpoint(endpoint: string): void {
  const { protocol, hostname } = new URL(endpoint);
  if (protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))) return;
  throw new TypeError(`The token endpoint must be https, or http on loopback: ${endpoint}`);
}
