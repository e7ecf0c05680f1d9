import type { JWTPayload } from 'jose';
import { type Form, scopeList } from '../form.ts';
import { accessTokenType } from '../token-type.ts';
import { type Act, type Auth0State, lifetimeOf, signAccessToken } from './access-token.ts';
import { Auth0Refusal } from './refusal.ts';
import type { Auth0Api, Auth0Client, Auth0User } from './tenant.ts';

type Grant = (state: Auth0State, client: Auth0Client, form: Form) => Promise<Record<string, unknown>>;

/** `act` levels that a subject token may have and still be exchanged. */
const deepestSubject = 4;

/** On-Behalf-Of Token Exchange, for Custom API clients alone. */
export const onBehalfOf: Grant = async (state, client, form) => {
  if (client.appType !== 'resource_server' || client.onBehalfOf !== true) {
    throw new Auth0Refusal('exchange_not_allowed');
  }
  if (form.subject_token_type !== accessTokenType || form.requested_token_type !== accessTokenType) {
    throw new Auth0Refusal('missing_parameter');
  }
  const { user, claims } = await subject(state, client, form.subject_token);
  const api = requestedApi(state, form.audience);
  const requested = scopeList(form.scope);
  const scopes = userScopes(state, client, api, user, requested);
  const act = extendChain(client.clientId, claims);
  return {
    access_token: await signAccessToken(state, { api, client: client.clientId, user, scopes, act }),
    expires_in: lifetimeOf(api),
    token_type: 'Bearer',
    issued_token_type: accessTokenType,
    ...(sameScopes(scopes, requested) ? {} : { scope: scopes.join(' ') }),
  };
};

/** The client-credentials grant: `audience` is required, the client grant is the ceiling. */
export const clientCredentials: Grant = async (state, client, form) => {
  const api = requestedApi(state, form.audience);
  const allowed = grantedScopes(state, client, api, 'client');
  const requested = scopeList(form.scope);
  const scopes = requested.length === 0 ? allowed : allowed.filter((name) => requested.includes(name));
  return {
    access_token: await signAccessToken(state, { api, client: client.clientId, scopes }),
    expires_in: lifetimeOf(api),
    token_type: 'Bearer',
    ...(sameScopes(scopes, requested) ? {} : { scope: scopes.join(' ') }),
  };
};

/** The subject token must be this tenant's, valid now, for the API that the client is, and of a user. */
async function subject(
  state: Auth0State,
  client: Auth0Client,
  token: string | undefined,
): Promise<{ user: Auth0User; claims: JWTPayload }> {
  if (token === undefined) throw new Auth0Refusal('missing_parameter');
  const claims = await state.signer.verify(token).catch(() => {
    throw new Auth0Refusal('wrong_subject');
  });
  const expired = typeof claims.exp !== 'number' || claims.exp <= state.now() / 1000;
  const forClient = [claims.aud].flat().some((aud) => aud === client.resourceServerIdentifier);
  const user = state.tenant.users.find((each) => each.id === claims.sub);
  if (expired || !forClient || user === undefined) throw new Auth0Refusal('wrong_subject');
  return { user, claims };
}

function requestedApi(state: Auth0State, audience: string | undefined): Auth0Api {
  if (audience === undefined) throw new Auth0Refusal('missing_parameter');
  const api = state.tenant.apis.find((each) => each.identifier === audience);
  if (api === undefined) throw new Auth0Refusal('unknown_audience');
  return api;
}

/** What was asked, the client grant gives and the user's roles allow; nothing asked means everything. */
function userScopes(
  state: Auth0State,
  client: Auth0Client,
  api: Auth0Api,
  user: Auth0User,
  requested: readonly string[],
): string[] {
  const permissions = user.permissions[api.identifier] ?? [];
  const allowed = grantedScopes(state, client, api, 'user').filter((name) => permissions.includes(name));
  const scopes = requested.length === 0 ? allowed : allowed.filter((name) => requested.includes(name));
  if (scopes.length === 0) throw new Auth0Refusal('no_permission');
  return scopes;
}

function grantedScopes(
  state: Auth0State,
  client: Auth0Client,
  api: Auth0Api,
  subjectType: 'user' | 'client',
): string[] {
  const grants = state.tenant.clientGrants.filter(
    (each) =>
      each.clientId === client.clientId &&
      each.audience === api.identifier &&
      each.subjectType === subjectType,
  );
  if (grants.length === 0) throw new Auth0Refusal('no_client_grant');
  return grants.flatMap((each) => each.scopes);
}

/** The exchanging client goes in front; a subject token without `act` gives its own client as the first actor. */
function extendChain(clientId: string, claims: JWTPayload): Act {
  const inner = (claims.act as Act | undefined) ?? { sub: String(claims.azp ?? claims.client_id) };
  if (claims.act !== undefined && depth(inner) > deepestSubject) throw new Auth0Refusal('chain_too_long');
  return { sub: clientId, act: inner };
}

function depth(act: Act): number {
  return 1 + (act.act === undefined ? 0 : depth(act.act));
}

function sameScopes(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
