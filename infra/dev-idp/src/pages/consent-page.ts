import type { ScopeWords } from '../resources.ts';
import { type Html, html } from './html.ts';
import { page } from './page.ts';

export interface ConsentPage {
  readonly tenant: string;
  readonly clientName: string;
  readonly clientId: string;
  readonly userName: string;
  /** Where the answer goes: the one thing about a client that it cannot make up. */
  readonly redirectHost: string;
  readonly action: string;
  /** What is asked for now, by the name of the API. */
  readonly asked: readonly { readonly resource: string; readonly scopes: readonly ScopeWords[] }[];
}

/** Who asks for what in whose name, in words, and a choice. */
export function consentPage(content: ConsentPage): string {
  const { tenant, clientName, clientId, userName, redirectHost, action, asked } = content;
  return page({
    title: `Allow ${clientName}?`,
    tenant,
    body: html`<p><strong id="client">${clientName}</strong> wants to act for you, <strong id="user">${userName}</strong>.</p>
${asked.map(group)}
<p>Client <code>${clientId}</code><br>The answer goes to <code id="redirect">${redirectHost}</code></p>
<form method="post" action="${action}">
<button id="accept" type="submit" name="decision" value="accept">Allow</button>
<button id="deny" type="submit" name="decision" value="deny">Deny</button>
</form>`,
  });
}

function group({ resource, scopes }: ConsentPage['asked'][number]): Html {
  return html`<p>${resource}:</p>
<ul class="scopes">
${scopes.map(({ name, description }) => html`<li data-scope="${name}">${description} <code>${name}</code></li>\n`)}
</ul>`;
}
