import { isOAuthError } from '@mcp-obo/oauth-error';
import { abortable } from './abortable.ts';
import { checkAnswer } from './answer.ts';
import type { StoredToken } from './cache-entry.ts';
import type { EngineOptions, ExchangeEngine, IssuedToken } from './contract.ts';
import { createEntryStore } from './entry-store.ts';
import type { ExchangeEvent } from './events.ts';
import { createObserver } from './observer.ts';
import type { Plan, Wiring } from './plan.ts';
import { planExchange } from './plan-exchange.ts';
import { planMachine } from './plan-machine.ts';
import { createSingleFlight } from './single-flight.ts';
import { assertWiring } from './wiring.ts';

/** Where the token of a flight came from. */
type Landed = StoredToken & { readonly source: 'exchange' | 'cache' };

/**
 * The on-behalf-of engine: plan, look in the cache, ask once however many want the same, check, keep.
 *
 * @throws TypeError at start when targets, upstreams and policy do not fit together.
 */
export function createExchangeEngine(options: EngineOptions): ExchangeEngine {
  assertWiring(options);
  const { cache, now } = options;
  const emit = (event: ExchangeEvent) => options.onEvent?.(event);
  const wiring: Wiring = { ...options, maxActorDepth: options.maxActorDepth ?? 5 };
  const store = createEntryStore(cache, now, (action, plan) =>
    emit({ type: 'cache', action, target: plan.expected.target.name }),
  );
  const flights = createSingleFlight<Landed>();
  const observe = createObserver(emit, now);

  /** Asks, believes, keeps: unless a claims challenge made the answer old before it came. */
  async function fetchToken(plan: Plan, superseded: () => boolean): Promise<Landed> {
    const answer = await measured(plan);
    const checked = await checkAnswer(answer, plan.expected, options);
    if (plan.flightKey !== plan.key) flights.supersede(plan.key);
    if (!superseded()) await store.write(plan, checked);
    return { ...checked.token, source: 'exchange' };
  }

  async function findToken(plan: Plan, superseded: () => boolean): Promise<Landed> {
    const kept = await store.read(plan);
    return kept === undefined ? fetchToken(plan, superseded) : { ...kept, source: 'cache' };
  }

  /** A claims challenge says that the kept token is refused: it goes, whatever the answer will be. */
  async function replaceToken(plan: Plan, superseded: () => boolean): Promise<Landed> {
    emit({ type: 'cache', action: 'bypass', target: plan.expected.target.name });
    await store.remove(plan);
    return fetchToken(plan, superseded);
  }

  async function obtain(plan: Plan, signal: AbortSignal | undefined): Promise<IssuedToken> {
    const challenged = plan.flightKey !== plan.key;
    let shared = false;
    const token = await abortable(() => {
      if (challenged) flights.supersede(plan.key);
      const start = challenged ? replaceToken : findToken;
      const { result, joined } = flights.run(plan.flightKey, (superseded) => start(plan, superseded));
      shared = joined;
      return result;
    }, signal);
    if (!shared || token.source === 'cache') return token;
    emit({ type: 'cache', action: 'shared', target: plan.expected.target.name });
    return { ...token, source: 'shared' };
  }

  async function measured(plan: Plan) {
    const started = now();
    const { issuer } = plan.expected.upstream;
    const told = (outcome: string) =>
      emit({ type: 'upstream', issuer, operation: plan.operation, outcome, durationMs: now() - started });
    try {
      const answer = await plan.ask();
      told('ok');
      return answer;
    } catch (error) {
      told(isOAuthError(error) ? error.reason : 'server_error');
      throw error;
    }
  }

  return {
    exchange: (request) =>
      observe(
        request,
        () => planExchange(wiring, request),
        (plan) => obtain(plan, request.signal),
      ),
    machine: (request) =>
      observe(
        request,
        () => planMachine(wiring, request),
        (plan) => obtain(plan, request.signal),
      ),
    close: () => cache.close(),
  };
}
