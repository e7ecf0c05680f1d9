import { isOAuthError } from '@mcp-obo/oauth-error';
import { type CheckedAnswer, checkAnswer } from './answer.ts';
import type { Kept } from './cache-entry.ts';
import type { EngineOptions, IssuedToken, ObtainedToken } from './contract.ts';
import { refusalOf } from './errors/refusal.ts';
import type { ExchangeEvent } from './events.ts';
import type { Obtained } from './obtained.ts';
import type { Plan } from './plan.ts';
import type { Place } from './token-store.ts';

export interface FetchTokenOptions extends Pick<EngineOptions, 'answers' | 'now' | 'onObtained'> {
  /** How long a refusal that would come again is remembered, seconds. */
  readonly negativeSeconds: number;
  readonly emit: (event: ExchangeEvent) => void;
}

export interface FetchTokenInput {
  readonly plan: Plan;
  readonly place: Place;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Whether the answer was made old before it came. */
  readonly superseded: () => boolean;
  /** Called before an answer is kept. */
  readonly onAnswer?: () => void;
}

/** Asks, believes, keeps: the answer, or a refusal that would come again. */
export function createFetchToken(options: FetchTokenOptions) {
  const { now, emit, negativeSeconds } = options;

  async function fetchToken(input: FetchTokenInput): Promise<IssuedToken> {
    const { plan, place, superseded } = input;
    emit({ type: 'cache', action: 'miss', target: plan.expected.target.name });
    const settle = (kept: Kept | undefined) =>
      kept === undefined || superseded() ? place.leave() : place.keep(kept);
    let checked: CheckedAnswer;
    try {
      checked = await checkAnswer(await measured(plan, input.deadline), plan.expected, options);
    } catch (error) {
      await settle(keptRefusal(error));
      throw error;
    }
    options.onObtained?.(obtained(plan, checked));
    input.onAnswer?.();
    await settle(keptToken(checked, plan.obtained));
    return { ...checked.token, source: 'exchange' };
  }

  function keptToken(
    { token, tokenKey, cacheUntil, refreshAt }: CheckedAnswer,
    obtained: Obtained | undefined,
  ): Kept | undefined {
    if (cacheUntil === undefined) return undefined;
    return {
      kind: 'token',
      until: cacheUntil,
      token,
      tokenKey,
      ...(refreshAt === undefined ? {} : { refreshAt }),
      ...(obtained === undefined ? {} : { obtained }),
    };
  }

  function keptRefusal(error: unknown): Kept | undefined {
    const refusal = negativeSeconds > 0 ? refusalOf(error) : undefined;
    if (refusal === undefined) return undefined;
    const asked = isOAuthError(error) ? error.retryAfter : undefined;
    return { kind: 'refusal', until: now() / 1000 + (asked ?? negativeSeconds), refusal };
  }

  async function measured(plan: Plan, deadline: number) {
    const started = now();
    const { issuer } = plan.expected.upstream;
    const told = (outcome: string) =>
      emit({ type: 'upstream', issuer, operation: plan.operation, outcome, durationMs: now() - started });
    try {
      const answer = await plan.ask(deadline);
      told('ok');
      return answer;
    } catch (error) {
      told(isOAuthError(error) ? error.reason : 'server_error');
      throw error;
    }
  }

  return fetchToken;
}

function obtained(plan: Plan, { token, tokenKey, endsAt }: CheckedAnswer): ObtainedToken {
  const { upstream, target, subject } = plan.expected;
  const { accessToken, expiresAt } = token;
  return {
    accessToken,
    expiresAt,
    endsAt,
    tokenKey,
    readable: target.kind === 'jwt',
    tags: plan.tags,
    issuer: upstream.issuer,
    client: plan.client,
    ...(subject === undefined ? {} : { subject }),
    ...(plan.obtained === undefined ? {} : { obtained: plan.obtained }),
  };
}
