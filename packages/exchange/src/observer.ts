import type { Actor, Grant } from '@mcp-obo/grant';
import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { sortScopes } from '@mcp-obo/scopes';
import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { EngineMachineRequest, EngineRequest, IssuedToken } from './contract.ts';
import { isAlarm } from './errors/outcome.ts';
import type { ExchangeContext, ExchangeEvent } from './events.ts';
import type { Plan } from './plan.ts';

const tracer = trace.getTracer('@mcp-obo/exchange');

/** Tells what becomes of requests. */
export interface Observer {
  /** Runs one request in a span and tells what became of it. What is thrown is always an `OAuthError`. */
  readonly run: (
    request: EngineRequest | EngineMachineRequest,
    makePlan: () => Plan,
    work: (plan: Plan) => Promise<IssuedToken>,
  ) => Promise<IssuedToken>;
  /** Whether the request that is worked on leaves spans. */
  readonly recorded: () => boolean;
  /** How to tell that the request was served again; in a span where it leaves spans. */
  readonly served: (
    request: EngineRequest,
    plan: Plan,
  ) => (token: IssuedToken, durationMs: number) => IssuedToken;
}

export function createObserver(emit: (event: ExchangeEvent) => void, now: () => number): Observer {
  return {
    run(request, makePlan, work) {
      let context = contextOf(request);
      const attributes = attributesOf(context);
      return tracer.startActiveSpan(spanName, { attributes }, async (span) => {
        const started = now();
        try {
          const plan = makePlan();
          context = withUpstream(context, plan);
          const token = await work(plan);
          const { source, scopes: granted } = token;
          span.setAttribute('mcp_obo.cache', cacheWord[source]);
          emit({ type: 'issued', context, source, granted, durationMs: now() - started });
          return token;
        } catch (thrown) {
          const error = asOAuthError(thrown);
          fail(span, error);
          const { code, reason } = error;
          const alarm = isAlarm(reason);
          emit({ type: 'refused', context, code, reason, alarm, durationMs: now() - started, cause: thrown });
          throw error;
        } finally {
          span.end();
        }
      });
    },
    recorded,
    served(request, plan) {
      const context = withUpstream(contextOf(request), plan);
      const attributes = attributesOf(context);
      return (token, durationMs) => {
        const { source, scopes: granted } = token;
        const tell = () => emit({ type: 'issued', context, source, granted, durationMs, again: true });
        if (!recorded()) tell();
        else
          tracer.startActiveSpan(spanName, { attributes }, (span) => {
            span.setAttribute('mcp_obo.cache', cacheWord[source]);
            tell();
            span.end();
          });
        return token;
      };
    },
  };
}

const spanName = 'token exchange';

function attributesOf({ target, kind, client }: ExchangeContext): Attributes {
  return { 'mcp_obo.target': target, 'mcp_obo.kind': kind, 'mcp_obo.client': client };
}

function recorded(): boolean {
  return trace.getActiveSpan()?.isRecording() === true;
}

const cacheWord = { exchange: 'miss', cache: 'hit', shared: 'shared' } as const;

function contextOf(request: EngineRequest | EngineMachineRequest): ExchangeContext {
  const { client, target } = request;
  const scopes = sortScopes(request.scopes);
  if (!('grant' in request)) return { kind: 'machine', client, target, scopes, tenant: request.tenant };
  const { grant, actor } = request;
  return {
    kind: 'on_behalf_of',
    client,
    target,
    scopes,
    tenant: grant.tenant,
    issuer: grant.issuer,
    user: grant.user,
    subjectClient: grant.client,
    subjectTokenId: grant.tokenId,
    act: actor === undefined ? grant.act : actingFor(actor.grant, grant),
  };
}

/** The party of an actor token, before those that the subject token names (RFC 8693 §4.1). */
function actingFor({ subject: sub, issuer: iss }: Grant, { act }: Grant): Actor {
  return { sub, iss, ...(act === undefined ? {} : { act }) };
}

/** A machine's request names neither issuer nor, most often, tenant: the plan does. */
function withUpstream(context: ExchangeContext, { expected: { upstream } }: Plan): ExchangeContext {
  const { tenant = upstream.tenant, issuer = upstream.issuer } = context;
  return { ...context, tenant, issuer };
}

function fail(span: Span, { code, reason }: OAuthError): void {
  span.setAttributes({ 'error.type': code, 'mcp_obo.reason': reason });
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** A bug of ours is `server_error`: what was thrown stays in `cause`. */
function asOAuthError(thrown: unknown): OAuthError {
  if (isOAuthError(thrown)) return thrown;
  return new OAuthError('server_error', 'The exchange failed.', { cause: thrown });
}
