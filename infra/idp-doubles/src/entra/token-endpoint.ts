import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type RawAnswer, sendRaw } from '../behaviour.ts';
import { type RecordedRequest, recordRequest } from '../recorded-request.ts';
import { type AadstsCode, AadstsError, errorBody } from './aadsts.ts';
import { authorizationCode } from './authorization-code.ts';
import { authenticateApp } from './client-authentication.ts';
import { clientCredentials } from './client-credentials.ts';
import { onBehalfOf } from './on-behalf-of.ts';
import { parseParameters, required } from './parameters.ts';
import type { EntraState } from './state.ts';
import { issuerOf } from './token-claims.ts';

/** What the token endpoint is told to do instead of its own judgement. */
export type EntraBehaviour =
  | {
      readonly refuse: AadstsCode;
      /** A claims challenge (JSON) to send along. */
      readonly claims?: string;
      /** Seconds for `Retry-After`. */
      readonly retryAfter?: number;
    }
  | { readonly answer: RawAnswer };

const grants = {
  'urn:ietf:params:oauth:grant-type:jwt-bearer': onBehalfOf,
  client_credentials: clientCredentials,
  authorization_code: authorizationCode,
} as const;

/** `POST /{tenant}/oauth2/v2.0/token`. */
export function registerTokenEndpoint(
  server: FastifyInstance,
  state: EntraState,
  options: {
    readonly origin: () => string;
    readonly behaviour: () => EntraBehaviour | undefined;
    readonly record: (request: RecordedRequest) => void;
  },
): void {
  server.post<{ Params: { tenant: string } }>('/:tenant/oauth2/v2.0/token', async (request, reply) => {
    options.record(recordRequest(request.url, request.body, request.headers));
    const behaviour = options.behaviour();
    if (behaviour !== undefined && 'answer' in behaviour) return sendRaw(reply, behaviour.answer);
    try {
      if (behaviour !== undefined) throw new AadstsError(behaviour.refuse, behaviour);
      return await issue(state, request, options.origin());
    } catch (error) {
      if (error instanceof AadstsError) return refuse(state, request, reply, error);
      throw error;
    }
  });
}

async function issue(
  state: EntraState,
  request: FastifyRequest<{ Params: { tenant: string } }>,
  origin: string,
): Promise<Record<string, unknown>> {
  const tenant = state.tenants.find((each) => each.id === request.params.tenant);
  if (tenant === undefined) throw new AadstsError(90002);
  const parameters = parseParameters(request.body);
  const name = required(parameters, 'grant_type');
  if (!Object.hasOwn(grants, name)) throw new AadstsError(70003);
  const grant = grants[name as keyof typeof grants];
  const caller = await authenticateApp(parameters, {
    tenant,
    authorization: request.headers.authorization,
    audiences: [`${origin}/${tenant.id}/oauth2/v2.0/token`, issuerOf(state.origins, tenant.id, 2)],
    now: state.now(),
  });
  return await grant(state, tenant, caller, parameters);
}

function refuse(
  state: EntraState,
  request: FastifyRequest,
  reply: FastifyReply,
  error: AadstsError,
): FastifyReply {
  const sent = recordRequest(request.url, request.body, request.headers).get('client-request-id');
  if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
  return reply.code(error.row.status).send(
    errorBody(error, {
      traceId: state.uuid(),
      correlationId: sent ?? state.uuid(),
      time: state.now(),
    }),
  );
}
