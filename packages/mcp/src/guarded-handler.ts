import type { Grant } from '@mcp-obo/grant';
import { isOAuthError, OAuthError, oauthErrorTable } from '@mcp-obo/oauth-error';
import { type Decision, refusalNote } from '@mcp-obo/scopes';
import { loginByLink } from './asking-users.ts';
import { type Call, type CallContext, callOf, type SdkExtra } from './call.ts';
import type { McpGuard } from './guard.ts';
import type { Asked } from './input-required.ts';
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
  const back = await guard.asking.resume(grant, extra);
  if (back?.waits !== undefined) return back.waits as R;
  const { decision, asked, giveBack }: DecidedWithUser =
    back === undefined
      ? await decideWithUser(guard, operation, call, extra)
      : { decision: notGiven(back.refused) };
  guard.observe({ type: 'authorization', grant, operation, decision, at: 'handler' });
  if (asked !== undefined) return answerBy(asked);
  if (decision.outcome !== 'allow') return answers.refuse(decision, call);
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
    if (asked !== undefined) {
      // The call did not run to its end: the approval it had is for the same call, when its user comes back.
      await giveBack?.();
      return answerBy(asked);
    }
    if (isOAuthError(error) && belongsToHttp(error)) {
      if (error.code === 'insufficient_claims' && !answersClaims(grant)) throw newLogin(error);
      call.failure = error;
    }
    throw error;
  }
}

function answerBy<R>(asked: Asked): R {
  if (asked instanceof Error) throw asked;
  return asked as R;
}

interface DecidedWithUser {
  readonly decision: Decision;
  readonly asked?: Asked;
  readonly giveBack?: () => Promise<void>;
}

/** The one decision, with a login and an approval of the user where it wants them and the client can ask. */
async function decideWithUser(
  guard: McpGuard,
  operation: Operation,
  { grant }: Call,
  extra: SdkExtra,
): Promise<DecidedWithUser> {
  const { asking } = guard;
  const byToken = guard.decide(grant, operation);
  const login = loginByLink(byToken) === undefined ? undefined : await asking.provenLogin(grant);
  const known = login === undefined ? {} : { login };
  const decision = login === undefined ? byToken : guard.decide(grant, operation, known);
  if (decision.outcome === 'allow') return { decision };
  if (decision.outcome !== 'ask') {
    const asked = await asking.askLogin(grant, extra, operation, decision);
    return asked === undefined ? { decision } : { decision, asked };
  }
  const answer = await asking.settleApproval(grant, operation, decision.approval, extra);
  switch (answer.kind) {
    case 'unable':
      return { decision };
    case 'asks':
      return { decision, asked: answer.asked };
    case 'denied':
      return { decision: denied };
    case 'approved': {
      const { approved, giveBack } = answer;
      return { decision: guard.decide(grant, operation, { ...known, approved }), giveBack };
    }
  }
}

function refusedByUser(reason: string, message: string): Decision {
  return { outcome: 'refuse', reason, message, hidden: false, instead: [] };
}

const denied = refusedByUser(
  'approval_denied',
  'The user did not approve this call. Do not try again by yourself.',
);

/** The user did not do what a link asked for. */
function notGiven(reason: 'interaction_declined' | 'interaction_refused'): Decision {
  return refusedByUser(reason, notGivenMessages[reason]);
}

const notGivenMessages = {
  interaction_declined: 'The user did not agree to open the link, so this call cannot be made.',
  interaction_refused: 'The user did not give what this call needs. Do not try again by yourself.',
} as const;

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
