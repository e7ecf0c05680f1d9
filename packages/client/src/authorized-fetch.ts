import type { FetchLike } from './options.ts';
import { type Challenge, readChallenge } from './received-challenge.ts';

export interface AuthorizedFetchOptions {
  readonly serverUrl: string;
  readonly fetch: FetchLike;
  /** A token that is good now, if there is one. */
  readonly token: () => Promise<string | undefined>;
  /**
   * Brings a token that may satisfy a challenge, `undefined` when nothing is left to try. `tried` is what has
   * been tried for this request; the function adds to it, so that a request comes to an end.
   */
  readonly answer: (
    challenge: Challenge,
    sentToken: string | undefined,
    tried: Set<string>,
  ) => Promise<string | undefined>;
}

/** A `fetch` that attaches the token, answers challenges and repeats the request (RFC 6750 §2.1, §3). */
export function createAuthorizedFetch({
  serverUrl,
  fetch,
  token,
  answer,
}: AuthorizedFetchOptions): FetchLike {
  return async (url, init = {}) => {
    if (!isBelow(serverUrl, new URL(url))) return fetch(url, init);
    const tried = new Set<string>();
    let sent = await token();
    while (true) {
      const response = await fetch(url, withToken(init, sent));
      const challenge = readChallenge(response);
      if (challenge === undefined || !isRepeatable(init)) return response;
      const next = await answer(challenge, sent, tried);
      if (next === undefined) return response;
      await response.body?.cancel();
      sent = next;
    }
  };
}

function withToken(init: RequestInit, token: string | undefined): RequestInit {
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  return { ...init, headers };
}

/** A stream can be sent once only. */
function isRepeatable({ body }: RequestInit): boolean {
  return !(body instanceof ReadableStream);
}

/** The token goes to the server's own URL and below it, so that no link of the server's can lead it away. */
function isBelow(serverUrl: string, url: URL): boolean {
  const server = new URL(serverUrl);
  const base = server.pathname.endsWith('/') ? server.pathname : `${server.pathname}/`;
  return url.origin === server.origin && `${url.pathname}/`.startsWith(base);
}
