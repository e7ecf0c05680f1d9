import {
  type AuthorizationServerMetadata,
  discoverAuthorizationServer,
  discoverProtectedResource,
  type ForeignResourceMetadata,
} from '@mcp-obo/metadata';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { SessionSetup } from './options.ts';

/** Where a login takes place and what for. */
export interface LoginTarget {
  /** Value of the `resource` parameter (RFC 8707 §2), as the resource itself spells it. */
  readonly resource: string;
  /** Scopes the resource suggests for a first login. */
  readonly scopesSupported: readonly string[];
  readonly server: AuthorizationServerMetadata;
}

export interface Discovery {
  /** Looks the resource and its authorization server up anew; logins are rare and must not trust old news. */
  target(resourceMetadata: string | undefined): Promise<LoginTarget>;
  /** Metadata of an issuer, at most ten minutes old. */
  server(issuer: string): Promise<AuthorizationServerMetadata>;
}

const serverMaxAgeMs = 10 * 60_000;

/** Finds protected resource and authorization server of a session (MCP Authorization, RFC 9728, RFC 8414). */
export function createDiscovery(setup: SessionSetup): Discovery {
  const { authorizationFetch: fetch, serverUrl, now } = setup;
  const servers = new Map<string, { readonly metadata: AuthorizationServerMetadata; readonly at: number }>();

  async function look(issuer: string): Promise<AuthorizationServerMetadata> {
    const metadata = await discoverAuthorizationServer(issuer, { fetch });
    assertSecure(metadata, setup);
    servers.set(issuer, { metadata, at: now() });
    return metadata;
  }

  return {
    async target(resourceMetadata) {
      const found = await discoverProtectedResource(serverUrl, {
        fetch,
        ...(resourceMetadata === undefined ? {} : { resourceMetadata }),
      });
      const server = await look(chooseIssuer(found, setup));
      return { resource: found.resource, scopesSupported: found.scopes_supported ?? [], server };
    },
    async server(issuer) {
      const known = servers.get(issuer);
      return known !== undefined && now() - known.at < serverMaxAgeMs ? known.metadata : look(issuer);
    },
  };
}

/** A client that is bound to an issuer is never shown to another: its secret and its users are not theirs. */
function chooseIssuer({ authorization_servers }: ForeignResourceMetadata, { issuer }: SessionSetup): string {
  if (issuer !== undefined && !authorization_servers.includes(issuer)) {
    throw unusable('issuer_not_listed', `the resource does not accept ${issuer}`);
  }
  return issuer ?? authorization_servers[0] ?? '';
}

/** OAuth 2.1 §4.1.1: without S256 the code could be used by whoever saw it, so the client goes no further. */
function assertSecure(metadata: AuthorizationServerMetadata, { pkceAssuredBy }: SessionSetup): void {
  const { issuer, authorization_endpoint, token_endpoint, code_challenge_methods_supported } = metadata;
  if (authorization_endpoint === undefined || token_endpoint === undefined) {
    throw unusable('no_code_flow', `${issuer} has no authorization or no token endpoint`);
  }
  if (!code_challenge_methods_supported?.includes('S256') && !pkceAssuredBy.includes(issuer)) {
    throw unusable('no_pkce', `${issuer} does not say that it supports PKCE with S256`);
  }
}

function unusable(reason: string, detail: string): OAuthError {
  return new OAuthError('bad_gateway', 'The authorization server cannot be used for this login.', {
    reason,
    cause: new Error(detail),
  });
}
