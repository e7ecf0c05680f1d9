import type { Grant } from '@mcp-obo/grant';
import type { OAuthError } from '@mcp-obo/oauth-error';

/** What a tool, resource or prompt handler knows of the request it serves. The token is not among it. */
export interface CallContext {
  readonly grant: Grant;
  /** An access token for a target, on behalf of the user of this call (or of this server, for a machine). */
  readonly downstreamToken: (target: string, scopes: readonly string[]) => Promise<string>;
  readonly signal: AbortSignal | undefined;
}

/**
 * One authenticated HTTP request. It rides in the SDK's `AuthInfo.extra` from the edge to the handler; a
 * refusal that only the handler meets (the issuer no longer accepts the subject token, say) is left here
 * for the adapter, which can still answer with the right HTTP status.
 */
export interface Call {
  readonly grant: Grant;
  /** Set by a handler when the HTTP answer must be this refusal. */
  failure?: OAuthError;
}

/** `AuthInfo` as both SDK lines define it, with the token withheld. */
export interface McpAuthInfo {
  readonly token: string;
  readonly clientId: string;
  readonly scopes: string[];
  readonly expiresAt: number;
  readonly resource: URL;
  readonly extra: { readonly [callKey]: Call };
}

/** Where the call rides in `AuthInfo.extra`. */
export const callKey: unique symbol = Symbol.for('mcp-obo.call');

/**
 * Where a call can be found: a handler's second argument (2.x has `http.authInfo`, 1.x `authInfo`), the
 * context of a server factory of 2.x (`authInfo`), or an Express request (`auth`).
 */
export interface CallBearer {
  readonly authInfo?: AuthBearer;
  readonly http?: { readonly authInfo?: AuthBearer };
  readonly auth?: AuthBearer;
}

interface AuthBearer {
  readonly extra?: object;
}

/** The call that came with a request, or undefined when it did not pass the guard. */
export function callOf(bearer: CallBearer | undefined): Call | undefined {
  const authInfo = bearer?.http?.authInfo ?? bearer?.authInfo ?? bearer?.auth;
  return (authInfo?.extra as { readonly [callKey]?: Call } | undefined)?.[callKey];
}

/** What SDK handlers get beside their arguments: 1.x has `authInfo` at the top, 2.x under `http`. */
export interface SdkExtra extends CallBearer {
  readonly signal?: AbortSignal;
  /** 2.x alone: the signal, and what a request of 2026-07-28 brings besides its parameters. */
  readonly mcpReq?: {
    readonly signal?: AbortSignal;
    readonly envelope?: Readonly<Record<string, unknown>>;
    readonly inputResponses?: Readonly<Record<string, unknown>>;
    readonly requestState?: () => unknown;
  };
}
