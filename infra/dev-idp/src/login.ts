import {
  createLoginBrowser as createBrowser,
  type LoginBrowser,
  type LoginPage,
  type LoginRequest,
  type PageReader,
  readForm,
  readText,
} from '@mcp-obo/testbed/login-browser';

export type { LoginBrowser, LoginRequest } from '@mcp-obo/testbed/login-browser';

/** A browser that knows the pages of the development identity provider. */
export function createLoginBrowser(options: { readonly fetch?: typeof fetch } = {}): LoginBrowser {
  return createBrowser({ ...options, read: readPage });
}

/** Logs in once with a fresh browser. */
export function loginByForm(request: LoginRequest & { readonly fetch?: typeof fetch }): Promise<URL> {
  return createLoginBrowser(request.fetch === undefined ? {} : { fetch: request.fetch }).authorize(request);
}

/** Reads a page of the development identity provider. */
export const readPage: PageReader = (markup) => {
  const refusal = readText(markup, 'error');
  if (refusal !== undefined) return { refusal };
  const form = readForm(markup);
  if (form === undefined) return undefined;
  const kind = kindOf(markup);
  return {
    kind,
    action: form.action,
    fill({ username, password, consent = 'accept' }) {
      const fields = new URLSearchParams(form.hidden);
      if (kind === 'login') {
        fields.set('username', username);
        fields.set('password', password);
        fields.set('decision', 'login');
      }
      if (kind === 'consent') fields.set('decision', consent);
      return fields;
    },
  };
};

function kindOf(markup: string): LoginPage['kind'] {
  if (markup.includes('id="password"')) return 'login';
  return markup.includes('id="accept"') ? 'consent' : 'other';
}
