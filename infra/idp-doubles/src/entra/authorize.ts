import type { FastifyInstance } from 'fastify';
import { type Form, parseForm } from '../form.ts';
import { type Consent, type EntraApp, type EntraTenant, type EntraUser, findApp } from './directory.ts';
import type { AuthorizationCodes, EntraLogin } from './login.ts';
import { openIdScopes, requestedResource } from './requested-resource.ts';
import type { EntraState } from './state.ts';

export interface AuthorizeOptions {
  readonly codes: AuthorizationCodes;
  /** Records a consent. */
  readonly grantConsent: (tenantId: string, consent: Consent) => void;
}

interface AuthorizationRequest {
  readonly tenant: EntraTenant;
  readonly app: EntraApp;
  readonly query: Form;
  readonly redirectUri: string;
}

/**
 * `GET` and `POST /{tenant}/oauth2/v2.0/authorize`: a page that asks who signs in and whether the application
 * may have what it asks for, and the answer to it. PKCE by S256 is demanded, as of all new registrations.
 */
export function registerAuthorize(
  server: FastifyInstance,
  state: EntraState,
  options: AuthorizeOptions,
): void {
  const path = '/:tenant/oauth2/v2.0/authorize';
  server.get<{ Params: { tenant: string } }>(path, async ({ params, query }, reply) => {
    const request = readRequest(state, params.tenant, parseForm(query));
    if (request === undefined)
      return reply.code(400).send('The request is not one of a registered application.');
    return reply.type('text/html; charset=utf-8').send(page(request));
  });
  server.post<{ Params: { tenant: string } }>(path, async ({ params, query, body }, reply) => {
    const request = readRequest(state, params.tenant, parseForm(query));
    const answer = parseForm(body);
    const user = request?.tenant.users.find(({ upn }) => upn === answer?.user);
    if (request === undefined || user === undefined) return reply.code(400).send('Nobody signed in.');
    const returned = new URL(request.redirectUri);
    if (request.query.state !== undefined) returned.searchParams.set('state', request.query.state);
    if (answer?.decision === 'accept')
      returned.searchParams.set('code', issueCode(state, options, request, user));
    else returned.searchParams.set('error', 'access_denied');
    return reply.redirect(returned.href, 302);
  });
}

function readRequest(
  { tenants }: EntraState,
  tenantId: string,
  query: Form | undefined,
): AuthorizationRequest | undefined {
  const tenant = tenants.find(({ id }) => id === tenantId);
  const app = tenant === undefined ? undefined : findApp(tenant, query?.client_id);
  const redirectUri = app?.redirectUris?.find((uri) => uri === query?.redirect_uri);
  if (tenant === undefined || app === undefined || redirectUri === undefined || query === undefined)
    return undefined;
  const proper = query.response_type === 'code' && query.code_challenge_method === 'S256';
  return proper && query.code_challenge !== undefined ? { tenant, app, query, redirectUri } : undefined;
}

/** What the user accepts is consented to from now on. */
function issueCode(
  state: EntraState,
  { codes, grantConsent }: AuthorizeOptions,
  { tenant, app, query, redirectUri }: AuthorizationRequest,
  user: EntraUser,
): string {
  if ((query.scope ?? '').split(' ').some((scope) => !openIdScopes.has(scope))) {
    const resource = requestedResource(tenant, query.scope ?? '', undefined);
    const scopes = resource.scopes.includes('.default') ? (resource.app.scopes ?? []) : resource.scopes;
    grantConsent(tenant.id, { client: app.appId, resource: resource.app.appId, user: user.oid, scopes });
  }
  const code = state.uuid();
  codes.set(code, {
    client: app.appId,
    redirectUri,
    nonce: query.nonce,
    codeChallenge: query.code_challenge ?? '',
    user,
    login: loginFor(query, state.now()),
    expiresAt: state.now() + 600_000,
  });
  return code;
}

/** Seconds for which everybody has been signed in already. */
const sessionAge = 3600;

/** A new sign-in where the request asks for one, else the one of before; and the contexts it asks for. */
function loginFor({ prompt, max_age, claims }: Form, now: number): EntraLogin {
  const seconds = Math.floor(now / 1000);
  const anew = prompt === 'login' || Number(max_age ?? Number.POSITIVE_INFINITY) < sessionAge;
  return { authTime: anew ? seconds : seconds - sessionAge, acrs: contextsAskedFor(claims) };
}

function contextsAskedFor(claims: string | undefined): readonly string[] {
  if (claims === undefined) return [];
  const request = JSON.parse(claims) as { id_token?: { acrs?: { value?: string; values?: string[] } } };
  const { value, values = [] } = request.id_token?.acrs ?? {};
  return value === undefined ? values : [value];
}

function page({ tenant, app, query }: AuthorizationRequest): string {
  const names = tenant.users.map(
    ({ upn }) => `<option${upn === query.login_hint ? ' selected' : ''}>${upn}</option>`,
  );
  return `<!doctype html><title>Sign in</title>
<h1>Permissions requested by ${app.name}</h1>
<form method="post"><label>Account <select name="user">${names.join('')}</select></label>
<button name="decision" value="accept">Accept</button><button name="decision" value="cancel">Cancel</button></form>`;
}
