import { createCookieJar } from './login/cookie-jar.ts';
import { type Form, readForm, readText } from './login/read-page.ts';

/** What a user types and clicks. */
export interface LoginRequest {
  /** A full authorization request. */
  readonly authorizationUrl: string | URL;
  readonly username: string;
  readonly password: string;
  /** The button on the consent page, if one is shown. `accept` unless told. */
  readonly consent?: 'accept' | 'deny';
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
 * Follows the development identity provider's own pages as a browser would: redirects, cookies, forms with
 * their hidden fields. Throws with the page's own message when a login is refused.
 */
export function createLoginBrowser(options: { readonly fetch?: typeof fetch } = {}): LoginBrowser {
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
        const markup = await response.text();
        const refusal = readText(markup, 'error');
        if (refusal !== undefined) throw new Error(`The identity provider says: ${refusal}`);
        const form = readForm(markup);
        if (form === undefined)
          throw new Error(`No form to fill in at ${next.url.pathname} (HTTP ${response.status}).`);
        pages.push(form.kind);
        next = { url: new URL(form.action, next.url), form: fill(form, login) };
      }
      throw new Error(`No answer to the client after ${mostSteps} steps.`);
    },
  };
}

/** Logs in once with a fresh browser. */
export function loginByForm(request: LoginRequest & { readonly fetch?: typeof fetch }): Promise<URL> {
  return createLoginBrowser(request.fetch === undefined ? {} : { fetch: request.fetch }).authorize(request);
}

function fill(form: Form, { username, password, consent = 'accept' }: LoginRequest): URLSearchParams {
  const fields = new URLSearchParams(form.hidden);
  if (form.kind === 'login') {
    fields.set('username', username);
    fields.set('password', password);
    fields.set('decision', 'login');
  }
  if (form.kind === 'consent') fields.set('decision', consent);
  return fields;
}
