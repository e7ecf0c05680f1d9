import { legible } from '../approval/legible.ts';

/** An HTTP answer to a browser. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PageText {
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** What somebody else wrote, shown as such. */
  readonly quoted?: string;
  readonly buttons?: readonly PageButton[];
}

/** A button that posts to a URL of this server, which leads on to that origin, or nowhere. */
export interface PageButton {
  readonly label: string;
  readonly action: string;
  readonly origin?: string;
}

/**
 * A page without scripts that no other page may show in a frame, and that tells nobody where it was: its URL holds
 * what can be used once.
 */
export function page(status: number, { title, paragraphs, quoted, buttons = [] }: PageText): PageAnswer {
  const text = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('\n');
  const quotation = quoted === undefined ? '' : `<pre>${escapeHtml(quoted)}</pre>\n`;
  const forms = buttons.map(
    ({ label, action }) =>
      `<form method="post" action="${escapeHtml(action)}"><button>${escapeHtml(label)}</button></form>`,
  );
  const origins = [...new Set(buttons.flatMap(({ origin }) => origin ?? []))];
  const target = buttons.length === 0 ? "'none'" : ["'self'", ...origins].join(' ');
  return {
    status,
    headers: {
      ...pageHeaders,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action ${target}`,
    },
    body: `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<h1>${escapeHtml(title)}</h1>
${text}
${quotation}${forms.join('\n')}
</html>
`,
  };
}

/** Sends the browser on, with a cookie that only this host reads. */
export function redirectTo(location: string, cookie: string): PageAnswer {
  return { status: 303, headers: { ...pageHeaders, location, 'set-cookie': cookie }, body: '' };
}

const pageHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return legible(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
