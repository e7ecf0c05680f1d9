import { metadataRoutes } from '@mcp-obo/metadata/fastify';
import { OAuthError } from '@mcp-obo/oauth-error';
import { toWebRequest } from '@modelcontextprotocol/node';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Call, McpAuthInfo } from './call.ts';
import { headersContradict } from './contradicted-body.ts';
import type { McpGuard } from './guard.ts';
import { heldUntilBodyBegins } from './held-response.ts';
import { interactionPaths } from './interaction/interaction-pages.ts';
import { messagesOf } from './operation.ts';
import type { Refusal } from './refusal.ts';
import { originForm, preflightHeaders } from './screening.ts';

export interface ProtectMcpOptions {
  readonly guard: McpGuard;
  /** The handler of `createMcpHandler` (`@modelcontextprotocol/server`). */
  readonly handler: {
    readonly fetch: (
      request: Request,
      options: { authInfo: McpAuthInfo; parsedBody?: unknown },
    ) => Promise<Response>;
  };
}

/**
 * The MCP endpoint at the path of the guard's resource, and its metadata at both well-known locations.
 * Requests reach the handler only with a valid token, and only when no step-up is due.
 */
export const protectMcp: FastifyPluginAsync<ProtectMcpOptions> = async (app, { guard, handler }) => {
  const calls = new WeakMap<FastifyRequest, Call>();
  await app.register(metadataRoutes, { metadata: guard.metadata });

  if (guard.interactionPages !== undefined)
    await app.register(interactionRoutes, { guard, ...guard.interactionPages });

  app.route({
    // Every method: which of them the endpoint knows is for the handler to say (405).
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: new URL(guard.resource).pathname,
    onRequest: async (request, reply) => {
      try {
        const { method, rawHeaders, url = '' } = request.raw;
        reply.headers(guard.screen({ rawHeaders, url }));
        if (method === 'OPTIONS') return reply.code(204).headers(preflightHeaders).send();
        request.raw.url = originForm(url);
        calls.set(request, await guard.admit({ method: method ?? '', rawHeaders, url }));
      } catch (error) {
        return send(reply, guard.refusal(error));
      }
    },
    preHandler: async (request, reply) => {
      if (headersContradict(request.headers, request.body)) return;
      try {
        const limit = await guard.limit(admitted(request), request.body);
        reply.headers(limit.headers);
        if (limit.refusal !== undefined) return send(reply, limit.refusal);
        const refusal = await guard.refuseBody(admitted(request), request.body);
        if (refusal !== undefined) return send(reply, refusal);
      } catch (error) {
        return send(reply, guard.refusal(error));
      }
    },
    handler: async (request, reply) => {
      const call = admitted(request);
      const webRequest = await toWebRequest(request.raw, request.body, { signal: abortSignal(reply) });
      const answer = await handler.fetch(webRequest, {
        authInfo: guard.authInfo(call),
        parsedBody: request.body,
      });
      const response = await heldUntilBodyBegins(answer);
      if (call.failure === undefined) return reply.send(response);
      await response.body?.cancel();
      return send(reply, guard.refusal(call.failure, messagesOf(request.body)[0]?.id));
    },
  });

  function admitted(request: FastifyRequest): Call {
    const call = calls.get(request);
    if (call === undefined)
      throw new OAuthError('server_error', 'The request could not be served.', { reason: 'unguarded' });
    return call;
  }
};

/** The pages of interactions. What a form brings is in its URL: the body is not read. */
const interactionRoutes: FastifyPluginAsync<
  { guard: McpGuard } & NonNullable<McpGuard['interactionPages']>
> = async (app, { guard, url, answer }) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { bodyLimit: 1024, parseAs: 'string' }, (_request, _body, done) =>
    done(null),
  );
  for (const path of Object.values(interactionPaths(url)))
    app.route({
      method: ['GET', 'POST'],
      url: path,
      handler: async ({ raw }, reply) => {
        try {
          const { method = '', rawHeaders, url: target = '' } = raw;
          guard.screen({ rawHeaders, url: target });
          const page = await answer({ method, rawHeaders, url: originForm(target) });
          if (page === undefined) return reply.callNotFound();
          return reply.code(page.status).headers(page.headers).send(page.body);
        } catch (error) {
          return send(reply, guard.refusal(error));
        }
      },
    });
};

function send(reply: FastifyReply, { status, headers, body }: Refusal): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

/** Aborts the work when the client goes away before the answer is out. */
function abortSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
