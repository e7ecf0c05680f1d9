import {
  createLoginBrowser as createBrowser,
  type LoginBrowser,
  type LoginPage,
  type PageReader,
  readForm,
  readLink,
  readText,
} from '@mcp-obo/testbed/login-browser';

/** A browser that knows the pages of Keycloak's theme `keycloak.v2`. */
export function createLoginBrowser(options: { readonly fetch?: typeof fetch } = {}): LoginBrowser {
  return createBrowser({ ...options, read: readPage });
}

/** Where the theme says what was wrong: below a field, or on a page of its own. */
const refusals = [
  'input-error-username',
  'input-error-password',
  'input-error-otp-code',
  'input-error',
  'kc-error-message',
];

/** Reads a page of Keycloak: user name and password, the password alone (a step-up), or the consent. */
export const readPage: PageReader = (markup) => {
  const refusal = refusals.map((id) => readText(markup, id)).find((text) => text !== undefined);
  if (refusal !== undefined) return { refusal };
  const form = readForm(markup);
  if (form === undefined) return undefined;
  const kind = kindOf(markup);
  return {
    kind,
    action: form.action,
    link: ({ identityProvider }) =>
      identityProvider === undefined ? undefined : readLink(markup, `social-${identityProvider}`),
    fill(answers) {
      const fields = new URLSearchParams(form.hidden);
      if (hasField(markup, 'username')) fields.set('username', answers.username);
      if (kind === 'login') fields.set('password', answers.password);
      if (kind === 'one-time code') fields.set('otp', answers.oneTimeCode?.() ?? '');
      if (kind === 'consent') fields.set(answers.consent === 'deny' ? 'cancel' : 'accept', 'Yes');
      return fields;
    },
  };
};

function kindOf(markup: string): LoginPage['kind'] {
  if (hasField(markup, 'password')) return 'login';
  if (hasField(markup, 'otp')) return 'one-time code';
  // The consent page has the id of the login button, under another name.
  return /<(?:button|input)\b(?=[^>]*\bid="kc-login")(?=[^>]*\bname="accept")/.test(markup)
    ? 'consent'
    : 'other';
}

function hasField(markup: string, name: string): boolean {
  return new RegExp(`<input\\b(?=[^>]*\\bid="${name}")`).test(markup);
}
