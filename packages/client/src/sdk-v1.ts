import {
  StreamableHTTPClientTransport,
  type StreamableHTTPClientTransportOptions,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { AuthSession } from './session.ts';

/**
 * A transport of `@modelcontextprotocol/sdk` 1.x whose requests go through the session. The SDK's own OAuth
 * client stays out of it: on a 403 it asks for the challenged scopes only, and refreshes where only a login
 * helps.
 */
export function createTransport(
  session: AuthSession,
  options: Omit<StreamableHTTPClientTransportOptions, 'authProvider' | 'fetch'> = {},
): StreamableHTTPClientTransport {
  return new StreamableHTTPClientTransport(new URL(session.serverUrl), { ...options, fetch: session.fetch });
}
