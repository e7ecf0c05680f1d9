import type { TokenExchange } from '@mcp-obo/exchange';
import { isOAuthError } from '@mcp-obo/oauth-error';
import type { Fetch } from '@mcp-obo/validator';
import { Problem } from '../problem.ts';

export interface ArchiveOptions {
  /** Base URL of the second API. */
  readonly url: string;
  /** Name of its target at the broker. */
  readonly target: string;
  /** Obtains its tokens: at the broker, with the token this API was called with. */
  readonly exchange: Pick<TokenExchange, 'onBehalfOf'>;
  readonly fetch: Fetch;
}

/** What the archive answers to the user that the token speaks for. */
export type Archive = (subjectToken: string, status: string | undefined) => Promise<unknown>;

/**
 * Reads expenses of former years from a second API, on behalf of the caller: the second hop of RFC 8693 §4.1. The
 * token this API was called with goes to the broker alone; the archive gets one that was made for it.
 */
export function createArchive({ url, target, exchange, fetch }: ArchiveOptions): Archive {
  const base = `${url.replace(/\/$/, '')}/expenses`;
  return async (subjectToken, status) => {
    const { accessToken } = await asked(() =>
      exchange.onBehalfOf({ target, scopes: ['api:expenses.read'], subjectToken }),
    );
    return asked(async () => {
      const response = await fetch(status === undefined ? base : `${base}?status=${status}`, {
        headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json' },
        redirect: 'error',
      });
      if (!response.ok) throw new Error(`The archive answered ${response.status}.`);
      return response.json();
    });
  };
}

/** A user whose token is refused must log in; whatever else fails here is no fault of the caller. */
async function asked<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (isOAuthError(cause) && cause.code === 'invalid_token') throw cause;
    throw new Problem('archive_unavailable', 'The archive cannot answer now.', { cause });
  }
}
