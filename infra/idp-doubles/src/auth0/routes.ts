import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type RawAnswer, sendRaw } from '../behaviour.ts';
import { parseForm } from '../form.ts';
import { type RecordedRequest, recordRequest } from '../recorded-request.ts';
import { proveClient } from '../registered-client.ts';
import { tokenExchangeGrant } from '../token-type.ts';
import type { Auth0State } from './access-token.ts';
import { clientCredentials, onBehalfOf } from './grants.ts';
import { type Auth0Reason, Auth0Refusal } from './refusal.ts';

/** What the token endpoint is told to do instead of its own judgement. */
export type Auth0Behaviour = { readonly refuse: Auth0Reason } | { readonly answer: RawAnswer };

const grants = { [tokenExchangeGrant]: onBehalfOf, client_credentials: clientCredentials } as const;

/** Metadata, keys and `POST /oauth/token`. */
export function registerRoutes(
  server: FastifyInstance,
  state: Auth0State,
  options: {
    readonly behaviour: () => Auth0Behaviour | undefined;
    readonly record: (request: RecordedRequest) => void;
  },
): void {
  server.setErrorHandler((error, _request, reply) =>
    error instanceof Auth0Refusal ? refuse(state, reply, error) : reply.send(error),
  );
  server.get('/.well-known/openid-configuration', async () => metadata(state.issuer()));
  server.get('/.well-known/oauth-authorization-server', async () => metadata(state.issuer()));
  server.get('/.well-known/jwks.json', async () => state.signer.jwks);
  server.post('/oauth/token', async (request, reply) => {
    options.record(recordRequest(request.url, request.body, request.headers));
    const behaviour = options.behaviour();
    if (behaviour === undefined) return issue(state, request);
    if ('answer' in behaviour) return sendRaw(reply, behaviour.answer);
    throw new Auth0Refusal(behaviour.refuse);
  });
}

async function issue(state: Auth0State, request: FastifyRequest): Promise<Record<string, unknown>> {
  const form = parseForm(request.body);
  if (form === undefined) throw new Auth0Refusal('missing_parameter');
  const name = form.grant_type ?? '';
  if (!Object.hasOwn(grants, name)) throw new Auth0Refusal('unsupported_grant');
  const proof = await proveClient(form, {
    clients: state.tenant.clients,
    authorization: request.headers.authorization,
    assertions: {
      audience: state.issuer(),
      required: ['exp', 'jti'],
      maxLifetime: 300,
      used: state.usedAssertions,
    },
    now: state.now(),
  });
  if ('failure' in proof) {
    throw new Auth0Refusal(form.client_assertion === undefined ? 'wrong_credentials' : 'wrong_assertion');
  }
  return await grants[name as keyof typeof grants](state, proof.client, form);
}

function refuse(state: Auth0State, reply: FastifyReply, { row }: Auth0Refusal): FastifyReply {
  if (row.error === 'too_many_requests') {
    reply.headers({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.floor(state.now() / 1000) + 60),
    });
  }
  const { status, ...body } = row;
  return reply
    .code(status)
    .send(row.error === 'mfa_required' ? { ...body, mfa_token: `Fe26.${state.uuid()}` } : body);
}

function metadata(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}oauth/token`,
    revocation_endpoint: `${issuer}oauth/revoke`,
    userinfo_endpoint: `${issuer}userinfo`,
    jwks_uri: `${issuer}.well-known/jwks.json`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256', 'plain'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  };
}
