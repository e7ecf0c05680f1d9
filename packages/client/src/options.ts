import { randomBytes } from 'node:crypto';
import { createGuardedFetch, parseResource } from '@mcp-obo/metadata';
import { createBrowserOpener } from './browser.ts';
import { createLoopbackReceiver, type RedirectReceiver } from './redirect-receiver.ts';
import { type CredentialStore, createMemoryStore } from './store.ts';

/** How a client logs a user in at the authorization server of one MCP server. */
export interface AuthSessionOptions {
  /** URL of the MCP endpoint. The token is sent there, and below, and nowhere else. */
  readonly serverUrl: string;
  /** Where the browser comes back. A loopback URL; port 0 takes a free one (RFC 8252 §7.3). */
  readonly redirectUri?: string;
  /** A client that is registered already. It comes before all other ways to get one. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** URL of this client's metadata document; used where the authorization server takes one (CIMD). */
  readonly clientIdMetadataUrl?: string;
  /** Members of a dynamic registration (RFC 7591 §2), `client_name` for one. A `scope` is left out. */
  readonly clientMetadata?: Readonly<Record<string, unknown>>;
  /** Which of the resource's authorization servers to use; its first by default. Name it with a `clientId`. */
  readonly issuer?: string;
  /** Scopes that each login asks for besides those the server names. */
  readonly scopes?: readonly string[];
  /** Ask for `offline_access` where the authorization server lists it. True by default. */
  readonly offlineAccess?: boolean;
  /** Issuers known to do PKCE with S256 though their metadata do not say so (Entra). */
  readonly pkceAssuredBy?: readonly string[];
  /** Shows the login page; the system's browser by default. May resolve before or after the login. */
  readonly openBrowser?: (url: URL) => unknown;
  /** How long a user may take for a login, in milliseconds. Five minutes by default. */
  readonly loginTimeoutMs?: number;
  readonly store?: CredentialStore;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly random?: (bytes: number) => Uint8Array;
  /** For requests to the MCP server; it may stream. */
  readonly fetch?: FetchLike;
  /** For metadata and the authorization server; a guarded fetch by default. */
  readonly authorizationFetch?: FetchLike;
  /** Waits for the browser to come back; a listener on the loopback interface by default. */
  readonly redirectReceiver?: RedirectReceiver;
}

export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Members that have no default: they say who the client is. */
type Identity = 'clientId' | 'clientSecret' | 'clientIdMetadataUrl' | 'issuer';

/** Options with every dependency in place. */
export type SessionSetup = Required<Omit<AuthSessionOptions, Identity>> & Pick<AuthSessionOptions, Identity>;

/**
 * The one place where a session takes its clock, randomness, network and browser from the process.
 *
 * @throws TypeError when `serverUrl` is not https and not on a loopback host.
 */
export function withDefaults(options: AuthSessionOptions): SessionSetup {
  const serverUrl = parseResource(options.serverUrl);
  return {
    ...options,
    serverUrl,
    redirectUri: options.redirectUri ?? 'http://127.0.0.1:0/callback',
    clientMetadata: options.clientMetadata ?? {},
    scopes: options.scopes ?? [],
    offlineAccess: options.offlineAccess ?? true,
    pkceAssuredBy: options.pkceAssuredBy ?? [],
    openBrowser: options.openBrowser ?? createBrowserOpener(),
    loginTimeoutMs: options.loginTimeoutMs ?? 5 * 60_000,
    store: options.store ?? createMemoryStore(),
    now: options.now ?? Date.now,
    random: options.random ?? randomBytes,
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    authorizationFetch:
      options.authorizationFetch ?? createGuardedFetch({ allowLoopbackHttp: serverUrl.startsWith('http:') }),
    redirectReceiver: options.redirectReceiver ?? createLoopbackReceiver(),
  };
}
