import { randomUUID } from 'node:crypto';
import { parseForm } from '../form.ts';
import { createServer, listenOnLoopback } from '../listen.ts';
import { type RecordedRequest, recordRequest } from '../recorded-request.ts';
import { proveClient } from '../registered-client.ts';
import { createSigner } from '../signer.ts';
import { type AssertingClient, type AssertingState, grantAssertion } from './grant.ts';

/** How the double is started. */
export interface AssertingIdpOptions {
  readonly clients: readonly AssertingClient[];
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Default `crypto.randomUUID`. */
  readonly uuid?: () => string;
}

/** A sign-in of a user at a client. */
export interface MintAssertableToken {
  readonly sub: string;
  readonly client: string;
  /** The API that the token is for. */
  readonly audience: string;
  readonly scope: string;
  /** Seconds. Default 600; negative for a token that has expired. */
  readonly lifetime?: number;
}

/** An identity provider that asserts users to other domains (draft-ietf-oauth-identity-assertion-authz-grant §4). */
export interface AssertingIdp {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  /** Requests to the token endpoint, in order. */
  readonly requests: readonly RecordedRequest[];
  readonly mintUserToken: (request: MintAssertableToken) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Starts the double on a loopback port. */
export async function startAssertingIdp(options: AssertingIdpOptions): Promise<AssertingIdp> {
  const { clients, now = Date.now, uuid = randomUUID } = options;
  const server = await createServer();
  const requests: RecordedRequest[] = [];
  const used = new Set<string>();
  let issuer = '';
  const state: AssertingState = { clients, signer: await createSigner(), issuer: () => issuer, now, uuid };
  const endpoints = () => ({ token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` });

  server.get('/.well-known/oauth-authorization-server', async () => ({ issuer, ...endpoints() }));
  server.get('/jwks', async () => state.signer.jwks);
  server.post('/token', async (request, reply) => {
    requests.push(recordRequest(request.url, request.body, request.headers));
    const form = parseForm(request.body);
    if (form === undefined) return reply.code(400).send({ error: 'invalid_request' });
    const proof = await proveClient(form, {
      clients,
      authorization: request.headers.authorization,
      assertions: { audience: issuer, required: ['exp', 'jti'], maxLifetime: 300, used },
      now: now(),
    });
    if ('failure' in proof) return reply.code(401).send({ error: 'invalid_client' });
    const { status, body } = await grantAssertion(form, proof.client, state);
    return reply.code(status).send(body);
  });
  issuer = await listenOnLoopback(server);

  return {
    issuer,
    tokenEndpoint: endpoints().token_endpoint,
    jwksUri: endpoints().jwks_uri,
    requests,
    mintUserToken({ sub, client, audience, scope, lifetime = 600 }) {
      const iat = Math.floor(now() / 1000) - (lifetime < 0 ? 900 : 0);
      const times = { iat, exp: lifetime < 0 ? iat + 300 : iat + lifetime };
      const claims = { iss: issuer, sub, aud: audience, client_id: client, scope, jti: uuid(), ...times };
      return state.signer.sign(claims, { typ: 'at+jwt' });
    },
    close: () => server.close(),
  };
}
