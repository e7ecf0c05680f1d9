import { hash, timingSafeEqual } from 'node:crypto';
import type { UserInteractions } from '@mcp-obo/exchange';
import { isOAuthError } from '@mcp-obo/oauth-error';
import type { HttpRequest } from '../guard-options.ts';
import { type PageAnswer, page, redirectTo } from './interaction-page.ts';
import type { InteractionRecord, InteractionRecords, StartedInteraction } from './interaction-records.ts';

export interface InteractionPagesOptions {
  /** Where the pages are, e.g. `https://mcp.example/interaction`. */
  readonly url: string;
  /** What people know the server by. */
  readonly serverName: string;
  readonly records: InteractionRecords;
  readonly interactions: UserInteractions;
  /** Told how an interaction went on. */
  readonly observe: (
    record: InteractionRecord,
    step: 'started' | 'completed' | 'refused',
    reason: string,
  ) => void;
  readonly reportFault: (error: unknown) => void;
}

/** Answers requests to the pages; undefined for a path or method that is none of them. */
export type InteractionPages = (request: HttpRequest) => Promise<PageAnswer | undefined>;

/**
 * The pages between an MCP client and the identity provider: one that says what is asked and leads there, and one
 * that the user comes back to. Nothing in a request says where to go next: that is in the record.
 */
export function createInteractionPages(options: InteractionPagesOptions): InteractionPages {
  const { url, serverName, records, interactions, observe, reportFault } = options;
  const secure = url.startsWith('https:');
  const paths = { link: new URL(url).pathname, callback: `${new URL(url).pathname}/callback` };

  async function show(link: string | null): Promise<PageAnswer> {
    const record = await records.look(link);
    if (record === undefined) return spent();
    const issuer = new URL(record.authorizationUrl);
    return page(200, {
      title: `${serverName} asks for your consent`,
      paragraphs: [
        `To go on with what you asked for, ${serverName} needs access to ${record.target} on your behalf: ${record.scopes.join(', ')}.`,
        `You will be led to ${issuer.host}, where you sign in as the same user and decide. If you did not ask for this, close the page.`,
      ],
      button: { label: 'Continue', action: `${paths.link}?link=${link}`, origin: issuer.origin },
    });
  }

  async function leave(link: string | null): Promise<PageAnswer> {
    const started = await records.start(link);
    if (started === undefined) return spent();
    const { record, cookie } = started;
    observe(record, 'started', 'ok');
    const attributes = `Path=/; HttpOnly; SameSite=Lax; Max-Age=600${secure ? '; Secure' : ''}`;
    return redirectTo(record.authorizationUrl, `${cookieName(record, secure)}=${cookie}; ${attributes}`);
  }

  async function comeBack(query: URLSearchParams, request: HttpRequest): Promise<PageAnswer> {
    const record = await records.finish(query.get('state'));
    if (record === undefined) return spent();
    const reason = await refusalOf(record, query, request);
    await records.settle(record, reason === undefined ? 'completed' : 'refused');
    observe(record, reason === undefined ? 'completed' : 'refused', reason ?? 'ok');
    return reason === undefined ? done() : notDone(reason);
  }

  async function refusalOf(
    record: StartedInteraction,
    query: URLSearchParams,
    request: HttpRequest,
  ): Promise<string | undefined> {
    if (!sameBrowser(record, cookieOf(request, cookieName(record, secure)))) return 'another_browser';
    try {
      const { user, state, nonce, codeVerifier } = record;
      const redirectUri = `${url}/callback`;
      await interactions.finish({
        user,
        state,
        nonce,
        codeVerifier,
        redirectUri,
        response: query.toString(),
      });
      return undefined;
    } catch (error) {
      reportFault(error);
      return isOAuthError(error) ? error.reason : 'server_error';
    }
  }

  return async (request) => {
    const { pathname, searchParams } = new URL(request.url, url);
    const at = `${request.method} ${pathname}`;
    if (at === `GET ${paths.link}`) return await show(searchParams.get('link'));
    if (at === `POST ${paths.link}`) return await leave(searchParams.get('link'));
    if (at === `GET ${paths.callback}`) return await comeBack(searchParams, request);
    return undefined;
  };
}

function spent(): PageAnswer {
  return page(404, {
    title: 'This link cannot be used',
    paragraphs: ['It was used already or is too old. Ask your assistant again to get a new one.'],
  });
}

function done(): PageAnswer {
  return page(200, {
    title: 'Done',
    paragraphs: ['You can close this page. Your assistant goes on, or repeat what you asked it for.'],
  });
}

/** What the user did wrong is said; what else went wrong is in the log. */
const sentences: Readonly<Record<string, string>> = {
  another_browser: 'The link was opened in another browser. Open a new link in one browser only.',
  another_user: 'Another user signed in. Sign in as the user of your assistant.',
  interaction_refused: 'The identity provider did not allow it, or you declined.',
};

function notDone(reason: string): PageAnswer {
  const status = Object.hasOwn(sentences, reason) ? 403 : 502;
  return page(status, {
    title: 'Nothing was changed',
    paragraphs: [sentences[reason] ?? 'It could not be completed. Ask your assistant again later.'],
  });
}

/** `__Host-` where the host has TLS: no other host can set or read it (RFC 6265bis §4.1.3.2). */
function cookieName({ id }: InteractionRecord, secure: boolean): string {
  return `${secure ? '__Host-' : ''}interaction-${id.slice(0, 12)}`;
}

function cookieOf({ rawHeaders }: HttpRequest, name: string): string | undefined {
  const lines = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'cookie');
  const pairs = lines.flatMap((line) => line.split(';')).map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

function sameBrowser({ browser }: StartedInteraction, cookie: string | undefined): boolean {
  const shown = Buffer.from(hash('sha256', cookie ?? '', 'base64url'));
  return cookie !== undefined && timingSafeEqual(shown, Buffer.from(browser));
}
