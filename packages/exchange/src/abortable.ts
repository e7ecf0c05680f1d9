import { OAuthError } from '@mcp-obo/oauth-error';

/**
 * Waits for work until the caller gives up; the work goes on for the others and for the cache. Work whose
 * caller is gone already is not begun. Rejects with `temporarily_unavailable`, reason `aborted`.
 */
export async function abortable<T>(begin: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return begin();
  if (signal.aborted) throw aborted(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const give = () => reject(aborted(signal.reason));
  signal.addEventListener('abort', give, { once: true });
  begin()
    .then(resolve, reject)
    .finally(() => signal.removeEventListener('abort', give));
  return promise;
}

function aborted(cause: unknown): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The request was given up.', { reason: 'aborted', cause });
}
