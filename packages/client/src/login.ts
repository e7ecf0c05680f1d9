import { OAuthError } from '@mcp-obo/oauth-error';
import * as oauth from 'oauth4webapi';
import type { Discovery, LoginTarget } from './discovery.ts';
import { errorCode, httpOptions, serverOf } from './oauth-http.ts';
import type { SessionSetup } from './options.ts';
import type { RegisteredClient, Registration } from './registration.ts';
import { splitScope, type TokenRecord, tokenRecord } from './token-record.ts';

/** What a login shall bring. */
export interface LoginWish {
  /** Scopes of the challenge. */
  readonly scope?: string;
  /** Scopes granted before: a login replaces the token, so it asks for them again. */
  readonly held: readonly string[];
  readonly resourceMetadata?: string;
  readonly maxAge?: string;
  readonly acrValues?: string;
  /** Base64 of a claims request. */
  readonly claims?: string;
}

/** Performs one login. Rejects with an `OAuthError`; `access_denied` when the user or the server said no. */
export type Login = (wish: LoginWish) => Promise<TokenRecord>;

/**
 * Authorization code with PKCE S256 (RFC 7636), `state`, the check of `iss` (RFC 9207) and `resource` in
 * both requests (RFC 8707 §2), in the order of OAuth 2.1 §4.1.
 */
export function createLogin(setup: SessionSetup, discovery: Discovery, registration: Registration): Login {
  return async (wish) => {
    const target = await discovery.target(wish.resourceMetadata);
    const receiver = await setup.redirectReceiver.listen(setup.redirectUri);
    try {
      const registered = await registration.obtain(target.server, receiver.redirectUri);
      const requested = scopesToAsk(wish, target, setup);
      const proof = createProof(setup);
      const url = await authorizationUrl(
        { wish, target, registered, requested, proof },
        receiver.redirectUri,
      );
      const signal = AbortSignal.timeout(setup.loginTimeoutMs);
      const redirected = receiver.redirected(proof.state, signal);
      // The browser may be opened long before or after the user is done; only its failure ends the login.
      const callback = await Promise.race([
        redirected,
        Promise.resolve(setup.openBrowser(url)).then(() => redirected),
      ]).finally(() => redirected.catch(() => undefined));
      const answer = await redeem(setup, { target, registered, proof }, callback, receiver.redirectUri);
      return tokenRecord(answer, {
        issuer: target.server.issuer,
        resource: target.resource,
        clientId: registered.client.client_id,
        requested,
        now: setup.now(),
      });
    } catch (error) {
      if (errorCode(error) === 'invalid_client') await registration.forget(target.server);
      throw loginFailed(error);
    } finally {
      await receiver.close();
    }
  };
}

interface Proof {
  readonly state: string;
  readonly verifier: string;
}

interface Attempt {
  readonly wish: LoginWish;
  readonly target: LoginTarget;
  readonly registered: RegisteredClient;
  readonly requested: readonly string[];
  readonly proof: Proof;
}

/** 256 bits each: more than the 128 of RFC 6749 §10.10, as many as RFC 7636 §4.1 recommends. */
function createProof({ random }: SessionSetup): Proof {
  const text = () => Buffer.from(random(32)).toString('base64url');
  return { state: text(), verifier: text() };
}

/**
 * The scopes of the challenge, else those of a login before, else those the resource suggests; and always
 * what is held already, so that a step-up never takes a scope away.
 */
function scopesToAsk(
  wish: LoginWish,
  target: LoginTarget,
  { scopes, offlineAccess }: SessionSetup,
): string[] {
  const asked = splitScope(wish.scope);
  const wanted = asked.length > 0 || wish.held.length > 0 ? asked : target.scopesSupported;
  const offline = offlineAccess && target.server.scopes_supported?.includes('offline_access') === true;
  return [...new Set([...wish.held, ...wanted, ...scopes, ...(offline ? ['offline_access'] : [])])];
}

async function authorizationUrl(attempt: Attempt, redirectUri: string): Promise<URL> {
  const { wish, target, registered, requested, proof } = attempt;
  const url = new URL(target.server.authorization_endpoint ?? '');
  const parameters: Readonly<Record<string, string | undefined>> = {
    response_type: 'code',
    client_id: registered.client.client_id,
    redirect_uri: redirectUri,
    scope: requested.join(' ') || undefined,
    state: proof.state,
    code_challenge: await oauth.calculatePKCECodeChallenge(proof.verifier),
    code_challenge_method: 'S256',
    resource: target.resource,
    max_age: wish.maxAge,
    acr_values: wish.acrValues,
    claims: wish.claims === undefined ? undefined : Buffer.from(wish.claims, 'base64').toString(),
    // OpenID Connect Core §11: offline access needs consent in the same request.
    prompt: requested.includes('offline_access') ? 'consent' : undefined,
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

async function redeem(
  setup: SessionSetup,
  { target, registered, proof }: Pick<Attempt, 'target' | 'registered' | 'proof'>,
  callback: URL,
  redirectUri: string,
): Promise<oauth.TokenEndpointResponse> {
  const server = serverOf(target.server);
  const { client, authentication } = registered;
  const parameters = oauth.validateAuthResponse(server, client, callback, proof.state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    parameters,
    redirectUri,
    proof.verifier,
    { ...httpOptions(setup), additionalParameters: { resource: target.resource } },
  );
  return oauth.processAuthorizationCodeResponse(server, client, response);
}

function loginFailed(cause: unknown): OAuthError {
  if (cause instanceof OAuthError) return cause;
  const code = errorCode(cause);
  return new OAuthError('access_denied', 'The login did not succeed.', {
    reason: code ?? 'login_failed',
    cause,
  });
}
