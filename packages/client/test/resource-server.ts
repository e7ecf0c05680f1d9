import type { IncomingMessage, ServerResponse } from 'node:http';
import { bearerChallenge, protectedResourceMetadata, protectedResourceMetadataUrl } from '@mcp-obo/metadata';
import { metadataRoutes } from '@mcp-obo/metadata/express';
import type { IssuedToken, TestAuthorizationServer } from './authorization-server.ts';
import { bodyOf, type Listening, listening } from './http.ts';

export interface TestResource extends Listening {
  /** URL of the protected endpoint. */
  readonly url: string;
  /** `METHOD path token` of each request to it; `-` for no token. */
  readonly requests: string[];
}

/** What the endpoint asks of a token; an error code and members of the challenge when it is not enough. */
export type Demand = (token: IssuedToken, request: IncomingMessage, body: string) => Refusal | undefined;

export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
  readonly scope?: string;
  readonly maxAge?: number;
  readonly acrValues?: string;
  readonly claims?: string;
}

/** Answers a request that was let through. */
export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => unknown;

/** A protected resource on real HTTP with metadata and challenges as they ought to be. */
export async function startResource(
  issuer: TestAuthorizationServer,
  now: () => number,
  {
    demand = () => undefined,
    answer = (_request, response) => response.end('{"ok":true}'),
  }: Partial<{
    demand: Demand;
    answer: Answer;
  }> = {},
): Promise<TestResource> {
  const requests: string[] = [];
  let routes: ReturnType<typeof metadataRoutes>;
  const server = await listening((request, response) =>
    routes(request, response, async () => {
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      requests.push(`${request.method} ${request.url} ${token ?? '-'}`);
      const body = await bodyOf(request);
      const issued = issuer.accessTokens.get(token ?? '');
      const good = issued !== undefined && issued.expiresAt > now() / 1000 && issued.resource === url;
      const refusal = good
        ? demand(issued, request, body)
        : { status: 401, error: token && 'invalid_token', scope: 'a' };
      if (refusal === undefined) return answer(request, response, body);
      const { status, error, ...rest } = refusal;
      const challenge = bearerChallenge({
        resourceMetadata: protectedResourceMetadataUrl(url),
        ...(error === undefined ? {} : { error }),
        ...rest,
      });
      response.writeHead(status, { 'www-authenticate': challenge }).end();
    }),
  );
  const url = `${server.origin}/mcp`;
  routes = metadataRoutes({
    metadata: protectedResourceMetadata({
      resource: url,
      authorizationServers: [issuer.issuer],
      scopesSupported: ['a'],
    }),
  });
  return { ...server, url, requests };
}
