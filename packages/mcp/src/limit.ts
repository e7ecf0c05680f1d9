import type { Grant } from '@mcp-obo/grant';
import type { Message, Operation } from './operation.ts';
import { httpLayerError, type Refusal } from './refusal.ts';

/** Where a caller stands in one window of a limit. Times are seconds. */
export interface LimitState {
  /** Name of the limit, e.g. `tools`. */
  readonly policy: string;
  readonly limit: number;
  readonly window: number;
  readonly remaining: number;
  /** Until the window ends. */
  readonly reset: number;
  readonly exceeded: boolean;
}

/** Counts one operation of a caller; undefined for operations without a limit. Must not reject. */
export type Limiter = (grant: Grant, operation: Operation) => Promise<LimitState | undefined>;

/** What the limits say to a request: headers for its answer, and the refusal when one was exceeded. */
export interface LimitOutcome {
  readonly headers: Readonly<Record<string, string>>;
  readonly refusal?: Refusal;
  readonly exceeded?: Operation;
}

/** Counts the operations of a body, in order, up to the first that is too many. */
export async function countOperations(
  limiter: Limiter,
  grant: Grant,
  messages: readonly Message[],
): Promise<LimitOutcome> {
  let headers: Readonly<Record<string, string>> = {};
  for (const { id, operation } of messages) {
    const state = operation === undefined ? undefined : await limiter(grant, operation);
    if (state === undefined || operation === undefined) continue;
    headers = headersOf(state);
    if (state.exceeded) return { headers, exceeded: operation, refusal: tooMany(state, headers, id) };
  }
  return { headers };
}

/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers). */
function headersOf({
  policy,
  limit,
  window,
  remaining,
  reset,
}: LimitState): Readonly<Record<string, string>> {
  return {
    'ratelimit-policy': `"${policy}";q=${limit};w=${window}`,
    ratelimit: `"${policy}";r=${remaining};t=${reset}`,
  };
}

/** RFC 6585 §4. */
function tooMany(
  { limit, window, reset }: LimitState,
  headers: Readonly<Record<string, string>>,
  id: Message['id'],
): Refusal {
  const message = `More than ${limit} calls in ${window} seconds. Try again in ${reset} seconds.`;
  return {
    status: 429,
    headers: { ...headers, 'retry-after': String(reset), 'cache-control': 'no-store' },
    body: {
      jsonrpc: '2.0',
      id,
      error: { code: httpLayerError, message, data: { error: 'too_many_requests' } },
    },
  };
}
