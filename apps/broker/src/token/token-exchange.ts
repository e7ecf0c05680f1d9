import type { EngineRequest, ExchangeEngine, IssuedToken } from '@mcp-obo/exchange';
import type { Grant } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { Caller } from './caller.ts';
import type { TokenForm } from './form.ts';
import { spellRefusals, tokenExchangeRefusals } from './refusal-codes.ts';
import type { Repeat } from './repeats.ts';
import { assertReachable, type SubjectCheck } from './subject-check.ts';
import { invalidTarget, parseScope, type TargetRegistry } from './target-registry.ts';

export interface TokenExchangeOptions {
  readonly engine: ExchangeEngine;
  readonly check: SubjectCheck;
  readonly targets: TargetRegistry;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly standing: Standing;
}

/** Whether what a subject token granted can be taken for granted once more. */
export interface Standing {
  /** Whether validating its token would give this grant again. */
  readonly holds: (grant: Grant) => boolean;
  /** Told when it was taken for granted. */
  readonly accepted: (grant: Grant) => void;
}

const accessToken = 'urn:ietf:params:oauth:token-type:access_token';

/** Token type identifiers (RFC 8693 §3) that name an access token. */
const accepted = new Set([accessToken, 'urn:ietf:params:oauth:token-type:jwt']);

/** The token exchange grant, in the order of RFC 8693 §2. */
export function createTokenExchange(options: TokenExchangeOptions) {
  const { engine, check, targets, now, standing } = options;
  return (form: TokenForm, { client, tenant, repeatable }: Caller): Promise<Record<string, unknown>> =>
    spellRefusals(tokenExchangeRefusals, async () => {
      const subjectToken = readSubjectToken(form); //             §2.1 subject_token, subject_token_type
      const actorToken = readActorToken(form); //                 §2.1 actor_token, actor_token_type
      const requestedTokenType = readRequestedType(form); //      §2.1 requested_token_type
      const target = readTarget(form, targets); //                §2.1 resource, audience; RFC 8707 §2
      const scopes = parseScope(form.one('scope')); //            §2.1 scope
      const claims = form.one('claims'); //                       claims challenge of the target
      const subject = await check.subject(subjectToken, { client, tenant }); // §2.1 the subject, validated
      assertReachable(subject, target); //                        §2.2.2 the register of resources
      const { grant } = subject;
      const actor = await actorOf(actorToken, grant, { client, tenant }); //    §2.1 the actor, validated
      const request: EngineRequest = {
        client: client.id,
        grant,
        subjectToken,
        target: target.name,
        scopes,
        requestedTokenType,
        ...(actor === undefined ? {} : { actor }),
        ...(claims === undefined ? {} : { claims }),
      };
      const issued = await engine.exchange(request);
      if (issued.source === 'cache' && actor === undefined && claims === undefined)
        repeatable?.(repeatOf(request));
      return successfulResponse(issued, now()); //                §2.2.1
    });

  /** What is true of a request in time: that its subject still stands, and what is kept for it. */
  function repeatOf(request: EngineRequest): Repeat {
    const recall = engine.repeat(request);
    const { grant } = request;
    const answer = (issued: IssuedToken | undefined) => {
      if (issued === undefined) return undefined;
      standing.accepted(grant);
      return successfulResponse(issued, now());
    };
    return () => {
      const issued = standing.holds(grant) ? recall() : undefined;
      return issued instanceof Promise ? issued.then(answer) : answer(issued);
    };
  }

  async function actorOf(token: string | undefined, subject: Grant, caller: Caller) {
    if (token === undefined) return undefined;
    const grant = await check.actor(token, caller);
    if (grant.tenant === subject.tenant) return { token, grant };
    throw invalidRequest('The actor may not act for the subject.', 'actor_tenant');
  }
}

/** `subject_token` and `subject_token_type` (RFC 8693 §2.1). */
export function readSubjectToken(form: TokenForm): string {
  const token = form.required('subject_token');
  acceptType(form.required('subject_token_type'), 'subject_token_type');
  return token;
}

function readActorToken(form: TokenForm): string | undefined {
  const token = form.one('actor_token');
  const type = form.one('actor_token_type');
  if (token === undefined && type === undefined) return undefined;
  if (token === undefined || type === undefined)
    throw invalidRequest('actor_token and actor_token_type go together.', 'actor_token');
  acceptType(type, 'actor_token_type');
  return token;
}

function readRequestedType(form: TokenForm): string {
  const type = form.one('requested_token_type') ?? accessToken;
  acceptType(type, 'requested_token_type');
  return accessToken;
}

function acceptType(type: string, parameter: string): void {
  if (!accepted.has(type)) throw invalidRequest(`The ${parameter} is not supported.`, 'token_type');
}

/** `audience` and `resource` (RFC 8693 §2.1, RFC 8707 §2). Refuses with `invalid_target`. */
export function readTarget(form: TokenForm, targets: TargetRegistry) {
  const target = targets.byIdentifier(form.all('audience'), form.all('resource'));
  if (target === undefined) throw invalidTarget();
  return target;
}

function successfulResponse(issued: IssuedToken, now: number): Record<string, unknown> {
  return {
    access_token: issued.accessToken,
    issued_token_type: issued.issuedTokenType,
    token_type: issued.tokenType,
    expires_in: Math.max(0, issued.expiresAt - Math.floor(now / 1000)),
    scope: issued.scopes.join(' '),
  };
}

function invalidRequest(message: string, reason: string): OAuthError {
  return new OAuthError('invalid_request', message, { reason });
}
