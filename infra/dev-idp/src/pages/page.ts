import { hash } from 'node:crypto';
import { type Html, html, trusted } from './html.ts';

const style = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; place-items: center; min-height: 100vh; }
main { box-sizing: border-box; width: min(26rem, 100vw); padding: 2rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
label { display: block; margin: 1rem 0 0.25rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; font: inherit; padding: 0.5rem; }
button { font: inherit; padding: 0.5rem 1.25rem; margin: 1.5rem 0.5rem 0 0; cursor: pointer; }
code { font-size: 0.875rem; overflow-wrap: anywhere; }
.tenant { margin: 0 0 2rem; }
.error { border-left: 0.25rem solid #c00; padding: 0.25rem 0.75rem; }
`;

/**
 * Headers of every page. No scripts, no frames, no outside content. `form-action` is left out on purpose:
 * browsers hold it against each redirect after a post, and these end at the redirect URI of any client.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};

/** A whole page of one tenant. */
export function page(content: { title: string; tenant: string; body: Html }): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${content.title} – ${content.tenant}</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
<p class="tenant">Tenant <strong id="tenant">${content.tenant}</strong> · development sign-in</p>
<h1>${content.title}</h1>
${content.body}
</main>
</body>
</html>
`.markup;
}
