import type { Grant } from '@mcp-obo/grant';
import { isOAuthError, OAuthError, oauthErrorTable } from '@mcp-obo/oauth-error';
import { type Decision, refusalNote } from '@mcp-obo/scopes';
import { type Call, type CallContext, callOf, type SdkExtra } from './call.ts';
import type { McpGuard } from './guard.ts';
import { isProtocolError, unknownOperation } from './mcp-error.ts';
import type { Operation } from './operation.ts';
import { ToolFailure, type ToolResult, toolError } from './tool-result.ts';

export type Refused = Exclude<Decision, { outcome: 'allow' }>;

/**
 * A tool handler that asks the one decision first, in the handler path, whatever the edge did. What it
 * refuses is a tool error that says what is missing and what would serve; a tool the caller can never have
 * answers like an unknown one (`-32602`).
 */
export function guardTool<A>(
  guard: McpGuard,
  name: string,
  handler: (args: A, context: CallContext) => Promise<ToolResult> | ToolResult,
): (args: A, extra: SdkExtra) => Promise<ToolResult> {
  return async (args, extra) => {
    const operation: Operation = { kind: 'tool', name, args: asRecord(args) };
    return await runGuarded(guard, operation, extra, {
      run: (context) => handler(args, context),
      refuse: (decision, call) => refusedTool(guard, call, operation, decision),
      fail: failedTool,
    });
  };
}

/** How one kind of operation answers when it may not run, and when it fails. */
export interface GuardedAnswers<R> {
  readonly run: (context: CallContext) => Promise<R> | R;
  readonly refuse: (decision: Refused, call: Call) => R;
  readonly fail: (error: unknown) => R;
}

/** Decides, runs and records one operation. Every kind of handler goes through here. */
export async function runGuarded<R>(
  guard: McpGuard,
  operation: Operation,
  extra: SdkExtra,
  answers: GuardedAnswers<R>,
): Promise<R> {
  const call = callOf(extra);
  if (call === undefined)
    throw new OAuthError('server_error', 'The request did not pass the guard.', { reason: 'unguarded' });
  try {
    return await decideAndRun(guard, operation, call, extra, answers);
  } catch (error) {
    guard.reportFault(error);
    return answers.fail(error);
  }
}

async function decideAndRun<R>(
  guard: McpGuard,
  operation: Operation,
  call: Call,
  extra: SdkExtra,
  answers: GuardedAnswers<R>,
): Promise<R> {
  const { grant } = call;
  const { decision, asks } = await decideWithUser(guard, operation, call, extra);
  guard.observe({ type: 'authorization', grant, operation, decision, at: 'handler' });
  if (asks !== undefined) return asks as R;
  if (decision.outcome !== 'allow') return answers.refuse(decision, call);
  const waiting = await guard.resume(call, extra);
  if (waiting !== undefined) return waiting as R;
  const started = guard.now();
  const record = (reason: string) =>
    guard.observe({
      type: 'call',
      grant,
      operation,
      ok: reason === 'ok',
      reason,
      milliseconds: guard.now() - started,
    });
  try {
    guard.refuseOutdated(grant, operation);
    const result = await answers.run(guard.context(call, extra.signal ?? extra.mcpReq?.signal));
    record('ok');
    return result;
  } catch (error) {
    record(isOAuthError(error) || error instanceof ToolFailure ? error.reason : 'handler_failed');
    const asked = await guard.askUser(call, extra, error);
    if (asked !== undefined) return asked as R;
    if (isOAuthError(error) && belongsToHttp(error)) {
      if (error.code === 'insufficient_claims' && !answersClaims(grant)) throw newLogin(error);
      call.failure = error;
    }
    throw error;
  }
}

/** The one decision, with the user's approval where it asks for that and the client can. */
async function decideWithUser(
  guard: McpGuard,
  operation: Operation,
  { grant }: Call,
  extra: SdkExtra,
): Promise<{ readonly decision: Decision; readonly asks?: object }> {
  const decision = guard.decide(grant, operation);
  if (decision.outcome !== 'ask') return { decision };
  const answer = await guard.settleApproval(grant, operation, decision.approval, extra);
  switch (answer.kind) {
    case 'unable':
      return { decision };
    case 'asks':
      return { decision, asks: answer.result };
    case 'denied':
      return { decision: denied };
    case 'approved':
      return { decision: guard.decide(grant, operation, answer.approved) };
  }
}

const denied: Decision = {
  outcome: 'refuse',
  reason: 'approval_denied',
  message: 'The user did not approve this call. Do not try again by yourself.',
  hidden: false,
  instead: [],
};

/** Whether the client declared that it answers claims challenges (Microsoft Entra, client capability `cp1`). */
function answersClaims({ claims }: Grant): boolean {
  return [claims.xms_cc].flat().includes('cp1');
}

/** A challenge that this client would not understand, in words. */
function newLogin(cause: OAuthError): ToolFailure {
  return new ToolFailure(
    'Your identity provider wants a new sign-in for this, for example with a second factor. Sign out of this server in your client, sign in again, and try once more.',
    { reason: cause.reason, note: { mend: 'login' }, cause },
  );
}

/** Refusals that HTTP has a status for; the rest is told by a tool error. */
function belongsToHttp({ code }: OAuthError): boolean {
  return (
    code === 'invalid_token' || code === 'insufficient_claims' || oauthErrorTable[code].fault === 'platform'
  );
}

export function refusedTool(
  guard: McpGuard,
  call: Call,
  operation: Operation,
  decision: Refused,
): ToolResult {
  if (decision.outcome === 'refuse' && decision.hidden) throw unknownOperation(operation);
  const result = toolError(decision.outcome === 'ask' ? notAsked : refusalNote(decision).message, {
    ...refusalNote(decision),
  });
  if (decision.outcome !== 'step-up') return result;
  return {
    ...result,
    _meta: { ...result._meta, 'mcp/www_authenticate': [guard.challenge(call.grant, decision)] },
  };
}

const notAsked = 'This call needs the approval of the user, and your client cannot ask for it.';

export function failedTool(error: unknown): ToolResult {
  if (isProtocolError(error)) throw error;
  if (isOAuthError(error)) return toolError(error.message, { mend: 'nothing', error: error.code });
  if (error instanceof ToolFailure) return toolError(error.message, { ...error.note, error: error.reason });
  return toolError('The tool failed. Try again later.', { mend: 'nothing', error: 'server_error' });
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
