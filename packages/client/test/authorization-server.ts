import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, type Listening, listening } from './http.ts';

/** What a test changes about the authorization server, also while it runs. */
export interface Behaviour {
  cimd?: boolean;
  dcr?: boolean;
  pkce?: readonly string[];
  /** `iss` of the authorization response; `undefined` leaves it out (RFC 9207). */
  iss?: (issuer: string) => string | undefined;
  /** What the user agrees to. */
  consent?: (scopes: readonly string[]) => readonly string[];
  /** `error` of the authorization response. */
  refuse?: string;
  /** Changes the answer to a registration. */
  registered?: (answer: Record<string, unknown>) => Record<string, unknown>;
  /** Changes the token answer. */
  answer?: (answer: Record<string, unknown>) => Record<string, unknown>;
  /** Status of the token endpoint, when it is to fail. */
  tokenStatus?: number;
  scopes?: readonly string[];
  lifetime?: number;
  /** `refresh_token` alone: access tokens are an `unsupported_token_type`. */
  revocation?: boolean | 'refresh_token';
}

export interface IssuedToken {
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly resource: string | undefined;
  readonly expiresAt: number;
  /** Number of the login it comes from, from 1. */
  readonly login: number;
  readonly maxAge: string | undefined;
}

export interface TestAuthorizationServer extends Listening {
  readonly issuer: string;
  readonly behaviour: Behaviour;
  /** Parameters of each authorization request. */
  readonly authorizations: Record<string, string>[];
  /** Parameters of each request to the token endpoint. */
  readonly tokenRequests: Record<string, string>[];
  readonly registrations: Record<string, unknown>[];
  readonly revocations: Record<string, string>[];
  readonly accessTokens: Map<string, IssuedToken>;
  /** Refresh tokens that can still be used. */
  readonly refreshTokens: Map<string, IssuedToken>;
  readonly clients: Set<string>;
}

/**
 * A small authorization server on real HTTP that holds the client to its part: PKCE, exact redirect URI,
 * codes used once, refresh tokens rotated, replay ends the family (OAuth 2.1 §4).
 */
export async function startAuthorizationServer(
  now: () => number,
  behaviour: Behaviour = {},
): Promise<TestAuthorizationServer> {
  const codes = new Map<string, Record<string, string>>();
  const spent = new Map<string, number>();
  const families = new Map<string, number>();
  let logins = 0;

  const server = await listening((request, response) => {
    const url = new URL(request.url ?? '', self.issuer);
    const route = routes[`${request.method} ${url.pathname}`];
    if (route === undefined) response.writeHead(404).end();
    else route({ request, response, url });
  });
  const self: TestAuthorizationServer = {
    ...server,
    issuer: server.origin,
    behaviour,
    authorizations: [],
    tokenRequests: [],
    registrations: [],
    revocations: [],
    accessTokens: new Map(),
    refreshTokens: new Map(),
    clients: new Set(['registered-client']),
  };

  const routes: Record<string, (exchange: Exchange) => unknown> = {
    'GET /.well-known/oauth-authorization-server': ({ response }) =>
      json(response, 200, metadata(self.issuer, behaviour)),
    'GET /authorize': ({ response, url }) => authorize(Object.fromEntries(url.searchParams), response),
    'POST /token': async ({ request, response }) => token(await form(request), response),
    'POST /register': async ({ request, response }) => register(JSON.parse(await bodyOf(request)), response),
    'POST /revoke': async ({ request, response }) => revoke(await form(request), response),
  };

  function authorize(parameters: Record<string, string>, response: ServerResponse): void {
    self.authorizations.push(parameters);
    const back = new URL(parameters.redirect_uri ?? '');
    if (parameters.state !== undefined) back.searchParams.set('state', parameters.state);
    const iss = (behaviour.iss ?? ((issuer) => issuer))(self.issuer);
    if (iss !== undefined) back.searchParams.set('iss', iss);
    if (behaviour.refuse === undefined) {
      const code = randomUUID();
      codes.set(code, parameters);
      back.searchParams.set('code', code);
    } else back.searchParams.set('error', behaviour.refuse);
    response.writeHead(302, { location: back.href }).end();
  }

  function token(parameters: Record<string, string>, response: ServerResponse): unknown {
    self.tokenRequests.push(parameters);
    if (behaviour.tokenStatus !== undefined) return json(response, behaviour.tokenStatus, {});
    const clientId = parameters.client_id ?? '';
    if (!self.clients.has(clientId)) return json(response, 401, { error: 'invalid_client' });
    const grant = parameters.grant_type === 'refresh_token' ? fromRefresh(parameters) : fromCode(parameters);
    if (grant === undefined) return json(response, 400, { error: 'invalid_grant' });
    const lifetime = behaviour.lifetime ?? 300;
    const issued: IssuedToken = { ...grant, clientId, expiresAt: now() / 1000 + lifetime };
    const access = `access-${randomUUID()}`;
    const refresh = `refresh-${randomUUID()}`;
    self.accessTokens.set(access, issued);
    self.refreshTokens.set(refresh, issued);
    families.set(refresh, issued.login);
    const answer = {
      access_token: access,
      token_type: 'Bearer',
      expires_in: lifetime,
      refresh_token: refresh,
      scope: issued.scopes.join(' '),
    };
    return json(response, 200, behaviour.answer?.(answer) ?? answer);
  }

  function fromCode(
    parameters: Record<string, string>,
  ): Omit<IssuedToken, 'clientId' | 'expiresAt'> | undefined {
    const asked = codes.get(parameters.code ?? '');
    codes.delete(parameters.code ?? '');
    const challenge = createHash('sha256')
      .update(parameters.code_verifier ?? '')
      .digest('base64url');
    const good =
      asked !== undefined &&
      asked.code_challenge === challenge &&
      asked.code_challenge_method === 'S256' &&
      asked.redirect_uri === parameters.redirect_uri &&
      asked.client_id === parameters.client_id &&
      asked.resource === parameters.resource;
    if (!good) return undefined;
    logins += 1;
    const scopes = asked.scope?.split(' ') ?? [];
    return {
      scopes: behaviour.consent?.(scopes) ?? scopes,
      resource: parameters.resource,
      login: logins,
      maxAge: asked.max_age,
    };
  }

  function fromRefresh(parameters: Record<string, string>): IssuedToken | undefined {
    const shown = parameters.refresh_token ?? '';
    const known = self.refreshTokens.get(shown);
    self.refreshTokens.delete(shown);
    const replayed = spent.get(shown);
    if (replayed !== undefined) {
      for (const [other, family] of families) if (family === replayed) self.refreshTokens.delete(other);
    }
    if (known !== undefined) spent.set(shown, known.login);
    return known?.resource === parameters.resource ? known : undefined;
  }

  function register(body: Record<string, unknown>, response: ServerResponse): void {
    self.registrations.push(body);
    const client_id = `dynamic-${self.registrations.length}`;
    self.clients.add(client_id);
    json(response, 201, (behaviour.registered ?? ((answer) => answer))({ ...body, client_id }));
  }

  function revoke(parameters: Record<string, string>, response: ServerResponse): unknown {
    self.revocations.push(parameters);
    if (behaviour.revocation === 'refresh_token' && parameters.token_type_hint === 'access_token') {
      return json(response, 400, { error: 'unsupported_token_type' });
    }
    self.refreshTokens.delete(parameters.token ?? '');
    self.accessTokens.delete(parameters.token ?? '');
    return response.writeHead(200).end();
  }

  return self;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

function metadata(issuer: string, { cimd, dcr, pkce, scopes, revocation, iss }: Behaviour): unknown {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    ...(dcr === false ? {} : { registration_endpoint: `${issuer}/register` }),
    ...(revocation === false ? {} : { revocation_endpoint: `${issuer}/revoke` }),
    ...(cimd === true ? { client_id_metadata_document_supported: true } : {}),
    code_challenge_methods_supported: pkce ?? ['S256'],
    scopes_supported: scopes ?? ['a', 'b', 'c'],
    response_types_supported: ['code'],
    authorization_response_iss_parameter_supported: iss === undefined || iss(issuer) !== undefined,
  };
}

async function form(request: IncomingMessage): Promise<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(await bodyOf(request)));
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
