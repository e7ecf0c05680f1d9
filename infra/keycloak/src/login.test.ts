import { describe, expect, it } from 'vitest';
import { readPage } from './login.ts';

const answers = {
  username: 'alice',
  password: 'a password',
  oneTimeCode: () => '123456',
};
const form = (inner: string, action = 'http://127.0.0.1/realms/acme/login?a=1&amp;b=2') =>
  `<form id="kc-form-login" action="${action}" method="post">${inner}</form>`;
const hidden = '<input type="hidden" id="id-hidden-input" name="credentialId" value="c&amp;d"/>';
const username = '<input id="username" name="username" value="" type="text"/>';
const password = '<input id="password" name="password" value="" type="password"/>';

function page(markup: string) {
  const read = readPage(markup);
  if (read === undefined || 'refusal' in read) throw new Error('no form');
  return { ...read, filled: Object.fromEntries(read.fill(answers)) };
}

describe('the pages of Keycloak', () => {
  it('ask for name and password', () => {
    const { kind, action, filled } = page(form(username + password + hidden));
    expect([kind, action]).toEqual(['login', 'http://127.0.0.1/realms/acme/login?a=1&b=2']);
    expect(filled).toEqual({ username: 'alice', password: 'a password', credentialId: 'c&d' });
  });

  it('ask for the password alone when the session knows who it is', () => {
    expect(page(form(password)).filled).toEqual({ password: 'a password' });
  });

  it('ask for a one-time code', () => {
    const { kind, filled } = page(form('<input id="otp" name="otp" type="text"/>'));
    expect([kind, filled]).toEqual(['one-time code', { otp: '123456' }]);
  });

  it('ask for consent with the id of the login button, and a relative address', () => {
    const button = '<input class="button" name="accept" id="kc-login" type="submit" value="Yes"/>';
    const consent = page(
      form(`<input type="hidden" name="code" value="x">${button}`, '/realms/acme/consent'),
    );
    expect([consent.kind, consent.action]).toEqual(['consent', '/realms/acme/consent']);
    expect(consent.filled).toEqual({ code: 'x', accept: 'Yes' });
    expect(Object.fromEntries(consent.fill({ ...answers, consent: 'deny' }))).toEqual({
      code: 'x',
      cancel: 'Yes',
    });
  });

  it('lead to another identity provider only who wants to go there', () => {
    const { link } = page(
      form(username + password) +
        '<a data-x="1" id="social-directory-oidc" class="button" href="/realms/acme/broker?x=1&amp;y=2">',
    );
    expect(link?.({ ...answers, identityProvider: 'directory-oidc' })).toBe('/realms/acme/broker?x=1&y=2');
    expect(link?.({ ...answers, identityProvider: 'directory-saml' })).toBeUndefined();
    expect(link?.(answers)).toBeUndefined();
  });

  it('send what they hold on, as SAML does', () => {
    const { kind, filled } = page(form('<input type="hidden" name="SAMLResponse" value="PHNhbWw+"/>'));
    expect([kind, filled]).toEqual(['other', { SAMLResponse: 'PHNhbWw+' }]);
  });

  it.each([
    ['input-error-username', 'Invalid username or password.'],
    ['input-error-otp-code', 'Invalid authenticator code.'],
    ['kc-error-message', 'Invalid parameter: redirect_uri'],
  ])('say what was wrong in %s', (id, text) => {
    const markup = form(`${username}<span id="${id}" class="help" aria-live="polite">\n  ${text}\n</span>`);
    expect(readPage(markup)).toEqual({ refusal: text });
  });

  it('are nothing to fill in without a form', () => {
    expect(readPage('<p>We are sorry</p>')).toBeUndefined();
  });
});
