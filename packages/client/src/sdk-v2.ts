import {
  type AuthProvider,
  StreamableHTTPClientTransport,
  type StreamableHTTPClientTransportOptions,
} from '@modelcontextprotocol/client';
import type { AuthSession } from './session.ts';

/** A transport of `@modelcontextprotocol/client` 2.x whose requests go through the session. */
export function createTransport(
  session: AuthSession,
  options: Omit<StreamableHTTPClientTransportOptions, 'authProvider' | 'fetch'> = {},
): StreamableHTTPClientTransport {
  return new StreamableHTTPClientTransport(new URL(session.serverUrl), { ...options, fetch: session.fetch });
}

/**
 * An `AuthProvider` for code that makes its own transport. The SDK hands it 401 answers only, so a step-up
 * on 403 needs {@link createTransport}.
 */
export function createAuthProvider(session: AuthSession): AuthProvider {
  let sent: string | undefined;
  return {
    token: async () => {
      sent = await session.token();
      return sent;
    },
    onUnauthorized: async ({ response }) => {
      await session.recover(response, sent);
    },
  };
}
