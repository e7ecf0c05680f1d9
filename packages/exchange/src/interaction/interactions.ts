import type { Grant, Login, UserKey } from '@mcp-obo/grant';
import { subjectKey } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import { decidePolicy, type Policy } from '../policy.ts';
import type { Target } from '../target.ts';
import { targetAtIssuer } from '../target-at-issuer.ts';
import { scopeText, targetParameter } from '../upstream/grant-request.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { BrowserStart, InteractionFinish, InteractionStart, LoginStart } from './contract.ts';
import { demandParameters } from './login-facts.ts';
import { createUserLogin, type UserLogin, type UserLoginOptions } from './user-login.ts';

/** An issuer whose users can be sent there. */
export interface InteractionIssuer
  extends Pick<Upstream, 'issuer' | 'tenant' | 'profile' | 'answerIssuers' | 'registration'>,
    Pick<UserLoginOptions, 'credentials'> {}

export interface InteractionsOptions extends Omit<UserLoginOptions, 'issuer' | 'profile' | 'credentials'> {
  readonly issuers: readonly InteractionIssuer[];
  readonly targets: Readonly<Record<string, Target>>;
  readonly policy: Policy;
  /** Redirect URIs of each caller, byte for byte (RFC 9700 §4.1.3). */
  readonly redirectUris: Readonly<Record<string, readonly string[]>>;
  /** Ends all that is kept with a tag of `subjectKey`, refusals included. */
  readonly evictByTag: (tag: string) => Promise<number>;
}

/** What a start has after its subject token was validated. */
interface Validated {
  /** The authenticated caller. */
  readonly client: string;
  readonly grant: Grant;
}

/** A start after its subject token was validated. */
export interface ValidatedStart extends Omit<InteractionStart, 'subjectToken' | 'signal'>, Validated {}

/** The same of a login. */
export interface ValidatedLogin extends Omit<LoginStart, 'subjectToken' | 'signal'>, Validated {}

export interface AuthenticatedFinish extends Omit<InteractionFinish, 'signal'> {
  readonly client: string;
}

/** Interactions of users, for callers that have proved themselves. */
export interface Interactions {
  readonly start: (request: ValidatedStart) => Promise<{ readonly authorizationUrl: string }>;
  readonly login: (request: ValidatedLogin) => Promise<{ readonly authorizationUrl: string }>;
  readonly finish: (request: AuthenticatedFinish) => Promise<Login>;
}

/** Sends users to the issuer of their token, and believes who comes back only after an ID token of that issuer. */
export function createInteractions(options: InteractionsOptions): Interactions {
  const logins = new Map(
    options.issuers.map((entry) => [entry.issuer, createUserLogin({ ...options, ...entry })]),
  );

  function issuerOf(user: Pick<UserKey, 'issuer'>): { entry: InteractionIssuer; login: UserLogin } {
    const entry =
      options.issuers.find(({ issuer }) => issuer === user.issuer) ??
      options.issuers.find(({ answerIssuers }) => answerIssuers.includes(user.issuer));
    const login = logins.get(entry?.issuer ?? '');
    if (entry !== undefined && login !== undefined) return { entry, login };
    throw new OAuthError('server_error', 'No exchange is set up for the issuer of the user.', {
      reason: 'no_upstream',
    });
  }

  function checkRedirectUri(client: string, redirectUri: string): void {
    const known = Object.hasOwn(options.redirectUris, client) ? options.redirectUris[client] : undefined;
    if (known?.includes(redirectUri) === true) return;
    throw new OAuthError('unauthorized_client', 'The redirect URI is not registered for this client.', {
      reason: 'redirect_uri',
    });
  }

  /** Where the user of a token can be sent by that client. */
  function wayOf({ client, grant, redirectUri }: ValidatedLogin) {
    checkRedirectUri(client, redirectUri);
    if (grant.user === undefined)
      throw new OAuthError('invalid_request', 'The subject token speaks for no user.', {
        reason: 'subject_machine',
      });
    return issuerOf(grant);
  }

  return {
    async start(request) {
      const { client, grant } = request;
      const { entry, login } = wayOf(request);
      const known = targetAtIssuer(options.targets, request.target, entry);
      const { scopes } = decidePolicy(options.policy, {
        client,
        target: known.target,
        tenant: grant.tenant,
        subjectScopes: grant.scopes,
        machine: false,
        scopes: request.scopes,
      });
      const names = { ...known, resource: known.target.resource, scopes };
      const authorizationUrl = await login.authorizationUrl(client, {
        ...codeRequest(request),
        scope: `openid profile ${scopeText(entry.profile, names)}`,
        ...targetParameter(entry.profile.exchange.targetParameter, names),
        ...prompts[request.reason],
        ...loginHint(grant),
      });
      return { authorizationUrl };
    },
    async login(request) {
      const { client, grant, demand } = request;
      const { entry, login } = wayOf(request);
      const authorizationUrl = await login.authorizationUrl(client, {
        ...codeRequest(request),
        scope: 'openid profile',
        ...(demand !== undefined && demandParameters(entry.profile, demand)),
        ...loginHint(grant),
      });
      return { authorizationUrl };
    },
    async finish(request) {
      const { client, user, redirectUri } = request;
      checkRedirectUri(client, redirectUri);
      const { key, login } = await issuerOf(user).login.redeem(client, request);
      if (key !== user.key)
        throw new OAuthError('access_denied', 'Another user logged in.', { reason: 'another_user' });
      await options.evictByTag(subjectKey('user', user.issuer, user.key));
      return login;
    },
  };
}

/** The authorization code flow with PKCE, whatever is asked for by it (RFC 6749 §4.1.1, RFC 7636 §4.3). */
function codeRequest(request: Pick<BrowserStart, 'redirectUri' | 'state' | 'nonce' | 'codeChallenge'>) {
  return {
    response_type: 'code',
    redirect_uri: request.redirectUri,
    state: request.state,
    nonce: request.nonce,
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
  };
}

/** `prompt` (OpenID Connect Core §3.1.2.1): consent is asked for anew; anything else the issuer asks by itself. */
const prompts: Readonly<Record<InteractionStart['reason'], Readonly<Record<string, string>>>> = {
  consent_required: { prompt: 'consent' },
  interaction_required: {},
};

/** Claims of access tokens by which issuers know the user at their login page. */
const hintClaims = ['login_hint', 'preferred_username', 'upn', 'email'];

function loginHint({ claims }: Grant): { login_hint?: string } {
  const hint = hintClaims
    .map((name) => claims[name])
    .find((value) => typeof value === 'string' && value !== '');
  return typeof hint === 'string' ? { login_hint: hint } : {};
}
