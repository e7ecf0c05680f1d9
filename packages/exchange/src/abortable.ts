import { OAuthError } from '@mcp-obo/oauth-error';

/** Gives up waiting when the caller does; the work goes on for the others and for the cache. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const give = () => reject(aborted(signal.reason));
  signal.addEventListener('abort', give, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  return promise;
}

function aborted(cause: unknown): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The request was given up.', { reason: 'aborted', cause });
}
