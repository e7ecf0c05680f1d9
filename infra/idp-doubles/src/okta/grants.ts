import type { JWTPayload } from 'jose';
import { type Form, scopeList } from '../form.ts';
import { accessTokenType } from '../token-type.ts';
import type { OktaAccessPolicy, OktaAuthorizationServer, OktaClient, OktaUser } from './organization.ts';
import { oauthRefusal } from './refusal.ts';
import { type OktaState, signAccessToken } from './state.ts';

type Grant = (
  state: OktaState,
  server: OktaAuthorizationServer,
  client: OktaClient,
  form: Form,
) => Promise<Record<string, unknown>>;

/** On-behalf-of token exchange (RFC 8693) at the server whose audience is the downstream API. */
export const tokenExchange: Grant = async (state, server, client, form) => {
  if (form.subject_token_type !== accessTokenType) throw oauthRefusal('invalid_request');
  if ((form.requested_token_type ?? accessTokenType) !== accessTokenType) {
    throw oauthRefusal('invalid_request');
  }
  const { user, claims } = await subject(state, server, form.subject_token);
  if (form.audience !== undefined && form.audience !== server.audience) throw oauthRefusal('invalid_target');
  const scopes = requestedScopes(server, form.scope);
  const policy = matchingPolicy(server, client, scopes);
  const lifetime = policy.lifetime ?? 3600;
  const authTime = typeof claims.auth_time === 'number' ? { authTime: claims.auth_time } : {};
  const facts = { server, client: client.clientId, user, scopes, lifetime, ...authTime };
  return {
    token_type: 'Bearer',
    expires_in: lifetime,
    access_token: await signAccessToken(state, facts),
    scope: scopes.join(' '),
    issued_token_type: accessTokenType,
  };
};

/** The client-credentials grant: custom scopes of this server. */
export const clientCredentials: Grant = async (state, server, client, form) => {
  const scopes = requestedScopes(server, form.scope);
  const lifetime = matchingPolicy(server, client, scopes).lifetime ?? 3600;
  const facts = { server, client: client.clientId, scopes, lifetime };
  return {
    token_type: 'Bearer',
    expires_in: lifetime,
    access_token: await signAccessToken(state, facts),
    scope: scopes.join(' '),
  };
};

/** The subject token must be of this server or of one it trusts, valid now, and of a user. */
async function subject(
  state: OktaState,
  server: OktaAuthorizationServer,
  token: string | undefined,
): Promise<{ user: OktaUser; claims: JWTPayload }> {
  if (token === undefined) throw oauthRefusal('invalid_request');
  const claims = await verified(state, server, token);
  const user = state.organization.users.find((each) => each.id === claims.uid);
  if (user === undefined) throw oauthRefusal('invalid_grant');
  return { user, claims };
}

/** Claims of a token of this server or of one that it trusts, if it is valid now. */
async function verified(
  state: OktaState,
  server: OktaAuthorizationServer,
  token: string,
): Promise<JWTPayload> {
  for (const id of [server.id, ...(server.trustedServers ?? [])]) {
    const claims = await state
      .signerOf(id)
      .verify(token)
      .catch(() => undefined);
    if (claims?.exp !== undefined && claims.exp > state.now() / 1000) return claims;
  }
  throw oauthRefusal('invalid_grant');
}

/** Custom scopes only: a service app gets neither ID tokens nor refresh tokens. */
function requestedScopes(server: OktaAuthorizationServer, scope: string | undefined): string[] {
  const scopes = scopeList(scope);
  if (scopes.length === 0 || scopes.some((name) => !server.scopes.includes(name))) {
    throw oauthRefusal('invalid_scope');
  }
  return scopes;
}

function matchingPolicy(
  server: OktaAuthorizationServer,
  client: OktaClient,
  scopes: readonly string[],
): OktaAccessPolicy {
  const policy = server.policies.find(
    (each) => each.clients.includes(client.clientId) && scopes.every((name) => each.scopes.includes(name)),
  );
  if (policy === undefined) throw oauthRefusal('access_denied');
  return policy;
}
