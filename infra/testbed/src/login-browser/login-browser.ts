import { createCookieJar } from './cookie-jar.ts';
import type { LoginAnswers, PageReader } from './pages.ts';

export { readForm, readLink, readText } from './markup.ts';
export type { LoginAnswers, LoginPage, PageReader } from './pages.ts';

export interface LoginRequest extends LoginAnswers {
  /** A full authorization request. */
  readonly authorizationUrl: string | URL;
}

/** A browser without a screen, with its own cookies: a second request finds the first one's session. */
export interface LoginBrowser {
  /** Logs in and answers the consent page. Returns where the browser is sent at last: the client's redirect URI. */
  authorize(request: LoginRequest): Promise<URL>;
  /** The ids of the pages that were shown for the last request, in order. */
  readonly pages: readonly string[];
}

const mostSteps = 20;
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * Follows an identity provider's own pages as a browser would: redirects, cookies, forms with their hidden
 * fields. Throws with the page's own message when a login is refused.
 */
export function createLoginBrowser(options: {
  readonly read: PageReader;
  readonly fetch?: typeof fetch;
}): LoginBrowser {
  const { read } = options;
  const request = options.fetch ?? fetch;
  const jar = createCookieJar();
  let pages: string[] = [];
  return {
    get pages() {
      return pages;
    },
    async authorize(login) {
      pages = [];
      const start = new URL(login.authorizationUrl);
      let next: { url: URL; form?: URLSearchParams } = { url: start };
      for (let step = 0; step < mostSteps; step += 1) {
        const response = await request(next.url, {
          redirect: 'manual',
          headers: { accept: 'text/html', cookie: jar.header(next.url) },
          ...(next.form === undefined ? {} : { method: 'POST', body: next.form }),
        });
        jar.store(next.url, response.headers.getSetCookie());
        const location = response.headers.get('location');
        if (redirects.has(response.status) && location !== null) {
          const url = new URL(location, next.url);
          if (url.origin !== start.origin) return url;
          next = { url };
          continue;
        }
        const page = read(await response.text());
        if (page === undefined)
          throw new Error(`No form to fill in at ${next.url.pathname} (HTTP ${response.status}).`);
        if ('refusal' in page) throw new Error(`The identity provider says: ${page.refusal}`);
        const link = page.link?.(login);
        pages.push(page.kind);
        next =
          link !== undefined
            ? { url: new URL(link, next.url) }
            : { url: new URL(page.action, next.url), form: page.fill(login) };
      }
      throw new Error(`No answer to the client after ${mostSteps} steps.`);
    },
  };
}
