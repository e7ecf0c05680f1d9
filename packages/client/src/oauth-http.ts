import type { AuthorizationServerMetadata } from '@mcp-obo/metadata';
import * as oauth from 'oauth4webapi';
import type { SessionSetup } from './options.ts';

/**
 * How `oauth4webapi` reaches the authorization server. Its own check for https is off because the metadata
 * were parsed before: each endpoint is https or on a loopback host.
 */
export function httpOptions({ authorizationFetch }: SessionSetup) {
  return {
    [oauth.customFetch]: (url: string, init: RequestInit) => authorizationFetch(url, init),
    [oauth.allowInsecureRequests]: true,
  } as const;
}

/** The same metadata, as the library names its type. */
export function serverOf(metadata: AuthorizationServerMetadata): oauth.AuthorizationServer {
  return metadata as oauth.AuthorizationServer;
}

/** The `error` of a token or registration endpoint, if that is what was thrown. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError
    ? error.error
    : undefined;
}
