import {
  createLoginBrowser as createBrowser,
  type LoginBrowser,
  type PageReader,
  readForm,
  readText,
} from '@mcp-obo/testbed/login-browser';

/** A browser that knows the pages of Keycloak's theme `keycloak.v2`. */
export function createLoginBrowser(options: { readonly fetch?: typeof fetch } = {}): LoginBrowser {
  return createBrowser({ ...options, read: readPage });
}

/** Where the theme says what was wrong: below a field, or on a page of its own. */
const refusals = ['input-error-username', 'input-error-password', 'input-error', 'kc-error-message'];

/** Reads a page of Keycloak: user name and password, the password alone (a step-up), or the consent. */
export const readPage: PageReader = (markup) => {
  const refusal = refusals.map((id) => readText(markup, id)).find((text) => text !== undefined);
  if (refusal !== undefined) return { refusal };
  const form = readForm(markup);
  if (form === undefined) return undefined;
  const consent = /\bid="kc-login"[^>]*\bname="accept"|\bname="accept"[^>]*\bid="kc-login"/.test(markup);
  const password = /\bid="password"/.test(markup);
  return {
    kind: consent ? 'consent' : password ? 'login' : 'other',
    action: form.action,
    fill(answers) {
      const fields = new URLSearchParams(form.hidden);
      if (password) {
        if (/\bid="username"/.test(markup)) fields.set('username', answers.username);
        fields.set('password', answers.password);
      }
      if (consent) fields.set(answers.consent === 'deny' ? 'cancel' : 'accept', 'Yes');
      return fields;
    },
  };
};
