import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { z } from 'zod';
import { type OutcomeName, outcomes } from './outcome.ts';

/**
 * Refusals that come again however often the same is asked. A fault, an answer that cannot be used, and what
 * an operator must mend are none of them: they may be over the next moment.
 */
const repeating = [
  'subject',
  'consent',
  'interaction',
  'claims',
  'denied',
  'scope',
  'loop',
] as const satisfies readonly OutcomeName[];

export const refusalSchema = z.strictObject({
  outcome: z.enum(repeating),
  params: z.record(z.string(), z.string()),
});

/** A refusal as it is remembered: what it means, and what the client can act on. No text of the provider. */
export type Refusal = z.output<typeof refusalSchema>;

/** What is remembered of an error, or undefined for one that may be over when it is asked again. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!isOAuthError(error)) return undefined;
  const outcome = repeating.find((name) => outcomes[name].reason === error.reason);
  return outcome === undefined ? undefined : { outcome, params: { ...error.params } };
}

/** The error again; `secondsLeft` is how long the refusal is still remembered. */
export function refusalError({ outcome, params }: Refusal, secondsLeft: number): OAuthError {
  const { code, reason, message, ...rest } = outcomes[outcome];
  const waits = 'retryAfter' in rest;
  return new OAuthError(code, message, {
    reason,
    params,
    cause: new Error('The authorization server refused the same a moment ago.'),
    ...(waits ? { retryAfter: Math.max(1, Math.ceil(secondsLeft)) } : {}),
  });
}
