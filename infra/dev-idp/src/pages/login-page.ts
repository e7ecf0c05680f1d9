import { html } from './html.ts';
import { page } from './page.ts';

export interface LoginPage {
  readonly tenant: string;
  readonly clientName: string;
  readonly action: string;
  readonly username?: string;
  /** Why the page is shown again. */
  readonly error?: string;
}

/** User name and password, with labels, and the reason when they were wrong. */
export function loginPage({ tenant, clientName, action, username = '', error }: LoginPage): string {
  return page({
    title: 'Sign in',
    tenant,
    body: html`<p>to continue to <strong>${clientName}</strong></p>
${error === undefined ? '' : html`<p id="error" class="error" role="alert">${error}</p>`}
<form method="post" action="${action}">
<label for="username">User name</label>
<input id="username" name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button id="login" type="submit" name="decision" value="login">Sign in</button>
<button id="cancel" type="submit" name="decision" value="cancel" formnovalidate>Cancel</button>
</form>`,
  });
}
