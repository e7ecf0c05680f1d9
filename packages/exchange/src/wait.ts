import { OAuthError } from '@mcp-obo/oauth-error';
import type { Scheduler } from './scheduler.ts';
import type { Look } from './token-store.ts';

/**
 * Waits for another's work, and so many milliseconds at most. Rejects with `temporarily_unavailable`, reason
 * `deadline`.
 */
export async function endOf(
  { ended, dispose }: Extract<Look, { ended: unknown }>,
  milliseconds: number,
  schedule: Scheduler,
): Promise<void> {
  const tooLong = Promise.withResolvers<never>();
  const cancel = schedule(() => tooLong.reject(overdue()), milliseconds);
  try {
    await Promise.race([ended, tooLong.promise]);
  } finally {
    cancel();
    dispose();
  }
}

function overdue(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The exchange took too long.', {
    reason: 'deadline',
    retryAfter: 1,
  });
}
