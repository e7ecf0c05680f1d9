import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { explainDocument } from '../client-documents.ts';
import { html, trusted } from './html.ts';
import { page, pageHeaders } from './page.ts';

/** An error that cannot go back to the client, because there is none to trust. */
export function renderError(context: KoaContextWithOIDC, out: ErrorOut): void {
  send(
    context,
    'This request cannot be answered',
    html`<p id="error" role="alert">${explainDocument(context, out) ?? explain(out)}</p>`,
  );
}

/** Asks before a sign-out, because a link can lead here. */
export function renderLogout(context: KoaContextWithOIDC, form: string): void {
  send(
    context,
    'Sign out?',
    html`${trusted(form)}
<button id="logout" type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button id="stay" type="submit" form="op.logoutForm">Stay signed in</button>`,
  );
}

/** After a sign-out without a place to go back to. */
export function renderSignedOut(context: KoaContextWithOIDC): void {
  send(context, 'You are signed out', html`<p>You can close this page.</p>`);
}

function send(context: KoaContextWithOIDC, title: string, body: ReturnType<typeof html>): void {
  const tenant = new URL(context.oidc.issuer).pathname.slice(1);
  context.set({ ...pageHeaders });
  context.body = page({ title, tenant, body });
}

function explain({ error, error_description: description }: ErrorOut): string {
  return description === undefined ? error : `${error}: ${description}`;
}
