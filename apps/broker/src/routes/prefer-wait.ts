import { OAuthError } from '@mcp-obo/oauth-error';

/** Longest wait that is a promise of anything, seconds; a process ends what takes longer anyway. */
const longest = 300;

/**
 * The seconds a client is willing to wait for an answer: `Prefer: wait=5` (RFC 7240 §4.3). Undefined without such
 * a preference; one that cannot be read is ignored (§2).
 */
export function preferredWait(header: string | readonly string[] | undefined): number | undefined {
  const preferences = [header ?? []].flat().flatMap((line) => line.split(','));
  for (const preference of preferences) {
    const [, seconds] = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;|$)/i.exec(preference) ?? [];
    if (seconds !== undefined) return Math.min(Number(seconds), longest);
  }
  return undefined;
}

/**
 * The answer, or `temporarily_unavailable`, reason `deadline`, when its client does not wait any more. The work
 * goes on for others who want the same, and for the cache.
 */
export async function within<T>(work: Promise<T>, seconds: number | undefined): Promise<T> {
  if (seconds === undefined) return work;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooLate()), seconds * 1000);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The exchange took longer than its client waits.', {
    reason: 'deadline',
    retryAfter: 1,
  });
}
