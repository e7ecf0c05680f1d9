import { type CallContext, ToolFailure } from '@mcp-obo/mcp';
import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { z } from 'zod';

/** One call to the downstream API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path under the API's base, with encoded parameters. */
  readonly path: string;
  /** Scopes of the token the call is made with. */
  readonly scopes: readonly string[];
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Calls the expenses API on behalf of the caller of a tool. */
export type ExpensesApi = (context: CallContext, request: ApiRequest) => Promise<Record<string, unknown>>;

export interface ExpensesApiOptions {
  readonly url: string;
  /** Name of the target at the broker. */
  readonly target: string;
  readonly fetch: typeof globalThis.fetch;
  /** Longest wait for an answer, milliseconds. */
  readonly timeoutMs: number;
}

/** RFC 9457 problem of the API; `code` is stable, `detail` is a sentence. */
const problem = z.object({
  code: z.string().max(100).default('failed'),
  detail: z.string().max(500).default('The request failed.'),
});
const object = z.record(z.string(), z.unknown());

/**
 * Gets a token for the target, calls, and turns a problem of the API into a sentence. A token the API
 * refuses is our own failure: the caller did nothing wrong. What does not come in time, or is no JSON, is the API's.
 */
export function createExpensesApi({ url, target, fetch, timeoutMs }: ExpensesApiOptions): ExpensesApi {
  const base = url.replace(/\/$/, '');
  return async (context, { method, path, scopes, body }) => {
    const token = await context.downstreamToken(target, scopes);
    const deadline = AbortSignal.timeout(timeoutMs);
    const response = await send(() =>
      fetch(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        redirect: 'error',
        signal: context.signal === undefined ? deadline : AbortSignal.any([context.signal, deadline]),
      }),
    );
    if (response.ok) return response.status === 204 ? {} : await send(() => readObject(response));
    throw await failure(response);
  };
}

/** What a network does is a fault of nobody here; the caller may try again. */
async function send<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (isOAuthError(cause)) throw cause;
    throw new OAuthError('temporarily_unavailable', 'The expenses API cannot be reached.', {
      cause,
      reason: 'downstream_unreachable',
      retryAfter: 5,
    });
  }
}

async function readObject(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  try {
    return object.parse(JSON.parse(text));
  } catch (cause) {
    throw new OAuthError('bad_gateway', 'The expenses API answered something that is no JSON object.', {
      cause,
      reason: 'downstream_answer',
    });
  }
}

async function failure(response: Response): Promise<Error> {
  const parsed = problem.safeParse(await response.json().catch(() => undefined));
  if (response.status === 401) {
    return new OAuthError('server_error', 'The expenses API did not accept this server.', {
      reason: 'downstream_refused',
    });
  }
  if (response.status >= 500) {
    return new OAuthError('temporarily_unavailable', 'The expenses API cannot answer now.', {
      reason: 'downstream_failed',
      retryAfter: 5,
    });
  }
  const { code, detail } = parsed.success
    ? parsed.data
    : { code: 'failed', detail: 'The expenses API refused the request.' };
  return new ToolFailure(detail, { reason: code });
}
