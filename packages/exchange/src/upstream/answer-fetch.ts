import { OAuthError } from '@mcp-obo/oauth-error';

/** `fetch`, as far as a token request needs it. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Longest token response that is read. */
const maxCharacters = 256 * 1024;

/**
 * What stands between `openid-client` and the network. A failure to get an answer becomes
 * `temporarily_unavailable`; an answer of 200 that is no JSON of bounded size becomes `bad_gateway`;
 * refresh and ID tokens are dropped before anything else sees them, and so are all headers but those that say what
 * the body is and how long to wait.
 */
export function answerFetch(fetch: Fetch): Fetch {
  return async (url, init) => {
    const response = await reach(() => fetch(url, init));
    const text = await boundedText(response);
    if (response.status !== 200) return plainResponse(text, response);
    if (!isJson(response)) throw unusable('response_not_json');
    return plainResponse(withoutOtherTokens(text), response);
  };
}

/** What an answer says, within bounds. */
export async function boundedText(response: Response): Promise<string> {
  const text = await reach(() => response.text());
  if (text.length > maxCharacters) throw unusable('response_too_large');
  return text;
}

/** Takes a step on the network: that it failed is `temporarily_unavailable`. */
export async function reach<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    // A guarded fetch refuses a target for good; that one did not answer is said here, with the time to wait.
    if (cause instanceof OAuthError && cause.code !== 'temporarily_unavailable') throw cause;
    throw new OAuthError('temporarily_unavailable', 'The authorization server does not answer.', {
      reason: 'upstream_unreachable',
      retryAfter: 5,
      cause,
    });
  }
}

/** RFC 6749 §5.1: `application/json`. */
function isJson(response: Response): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(response.headers.get('content-type') ?? '');
}

function withoutOtherTokens(text: string): string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw unusable('response_not_json');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw unusable('response_not_json');
  const { id_token: _idToken, refresh_token: _refreshToken, ...answer } = body as Record<string, unknown>;
  return JSON.stringify(answer);
}

const keptHeaders = ['content-type', 'retry-after', 'x-rate-limit-reset', 'x-ratelimit-reset'];

/** `WWW-Authenticate` stays behind: at a token endpoint the body decides (RFC 6749 §5.2). */
function plainResponse(text: string, { status, headers }: Response): Response {
  const kept = keptHeaders.flatMap((name): [string, string][] => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return new Response(text === '' ? null : text, { status, headers: kept });
}

function unusable(reason: string): OAuthError {
  return new OAuthError('bad_gateway', 'The authorization server sent an answer that cannot be used.', {
    reason: `upstream_${reason}`,
  });
}
