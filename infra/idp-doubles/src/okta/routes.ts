import type { FastifyInstance, FastifyRequest } from 'fastify';
import { decodeJwt, type JWTPayload } from 'jose';
import { type RawAnswer, sendRaw } from '../behaviour.ts';
import { parseForm } from '../form.ts';
import { type RecordedRequest, recordRequest } from '../recorded-request.ts';
import { proveClient } from '../registered-client.ts';
import { tokenExchangeGrant } from '../token-type.ts';
import { clientCredentials, tokenExchange } from './grants.ts';
import type { OktaAuthorizationServer } from './organization.ts';
import { apiRefusal, type OktaApiError, type OktaOAuthError, OktaRefusal, oauthRefusal } from './refusal.ts';
import type { OktaState } from './state.ts';

/** What the token endpoints are told to do instead of their own judgement. */
export type OktaBehaviour =
  | { readonly refuse: OktaOAuthError }
  | { readonly fault: OktaApiError }
  | { readonly answer: RawAnswer };

type ServerRequest = FastifyRequest<{ Params: { server: string } }>;

const grants = { [tokenExchangeGrant]: tokenExchange, client_credentials: clientCredentials } as const;

/** Metadata, keys, token and revocation endpoint of every custom authorization server. */
export function registerRoutes(
  server: FastifyInstance,
  state: OktaState,
  options: {
    readonly behaviour: () => OktaBehaviour | undefined;
    readonly record: (request: RecordedRequest) => void;
  },
): void {
  server.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof OktaRefusal)) return reply.send(error);
    return reply.code(error.status).headers(error.headers).send(error.body);
  });
  for (const document of ['openid-configuration', 'oauth-authorization-server']) {
    server.get(`/oauth2/:server/.well-known/${document}`, async (request: ServerRequest) =>
      metadata(state, authorizationServer(state, request)),
    );
  }
  server.get(
    '/oauth2/:server/v1/keys',
    async (request: ServerRequest) => state.signerOf(authorizationServer(state, request).id).jwks,
  );
  server.post('/oauth2/:server/v1/token', async (request: ServerRequest, reply) => {
    options.record(recordRequest(request.url, request.body, request.headers));
    const behaviour = options.behaviour();
    if (behaviour === undefined) return issue(state, request);
    if ('answer' in behaviour) return sendRaw(reply, behaviour.answer);
    throw 'refuse' in behaviour ? oauthRefusal(behaviour.refuse) : fault(state, behaviour.fault);
  });
  server.post('/oauth2/:server/v1/revoke', async (request: ServerRequest, reply) => {
    options.record(recordRequest(request.url, request.body, request.headers));
    await revoke(state, request);
    return reply.code(200).send();
  });
}

/** Ends an access token of the client that asks; what is invalid or another's is answered alike, and left alone. */
async function revoke(state: OktaState, request: ServerRequest): Promise<void> {
  const { client, form } = await authenticated(state, request, 'revoke');
  const { cid, jti } = tokenClaims(form.token);
  if (cid === client.clientId && typeof jti === 'string') state.revoked.add(jti);
}

function tokenClaims(token: string | undefined): JWTPayload {
  try {
    return decodeJwt(token ?? '');
  } catch {
    return {};
  }
}

async function issue(state: OktaState, request: ServerRequest): Promise<Record<string, unknown>> {
  const { client, form, server } = await authenticated(state, request, 'token');
  const name = form.grant_type ?? '';
  if (!Object.hasOwn(grants, name)) throw oauthRefusal('unsupported_grant_type');
  if (!client.grantTypes.includes(name)) throw oauthRefusal('unauthorized_client');
  return await grants[name as keyof typeof grants](state, server, client, form);
}

/** The client and what it sent. An assertion must be for the very endpoint. */
async function authenticated(state: OktaState, request: ServerRequest, endpoint: 'token' | 'revoke') {
  const server = authorizationServer(state, request);
  const form = parseForm(request.body);
  if (form === undefined) throw oauthRefusal('invalid_request');
  const proof = await proveClient(form, {
    clients: state.organization.clients,
    authorization: request.headers.authorization,
    assertions: {
      audience: `${state.issuerOf(server.id)}/v1/${endpoint}`,
      required: ['exp'],
      maxLifetime: 3600,
      used: state.usedAssertions,
    },
    now: state.now(),
  });
  if ('client' in proof) return { client: proof.client, form, server };
  throw oauthRefusal(proof.failure === 'two_methods' ? 'invalid_request' : 'invalid_client');
}

function authorizationServer(state: OktaState, request: ServerRequest): OktaAuthorizationServer {
  const found = state.organization.authorizationServers.find((each) => each.id === request.params.server);
  if (found === undefined) throw apiRefusal('E0000007', state.uuid());
  return found;
}

/** A limit says when it ends in `X-Rate-Limit-Reset` (seconds since the epoch) and not in `Retry-After`. */
function fault(state: OktaState, code: OktaApiError): OktaRefusal {
  if (code !== 'E0000047') return apiRefusal(code, state.uuid());
  return apiRefusal(code, state.uuid(), {
    'x-rate-limit-limit': '600',
    'x-rate-limit-remaining': '0',
    'x-rate-limit-reset': String(Math.floor(state.now() / 1000) + 60),
  });
}

function metadata(state: OktaState, server: OktaAuthorizationServer): Record<string, unknown> {
  const issuer = state.issuerOf(server.id);
  return {
    issuer,
    authorization_endpoint: `${issuer}/v1/authorize`,
    token_endpoint: `${issuer}/v1/token`,
    jwks_uri: `${issuer}/v1/keys`,
    introspection_endpoint: `${issuer}/v1/introspect`,
    revocation_endpoint: `${issuer}/v1/revoke`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', tokenExchangeGrant],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access', ...server.scopes],
  };
}
