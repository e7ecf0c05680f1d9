/** An HTTP answer to a browser. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PageText {
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** A button that posts to this URL, which leads on to that origin. */
  readonly button?: { readonly label: string; readonly action: string; readonly origin: string };
}

/**
 * A page without scripts that no other page may show in a frame, and that tells nobody where it was: its URL holds
 * what can be used once.
 */
export function page(status: number, { title, paragraphs, button }: PageText): PageAnswer {
  const text = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('\n');
  const form =
    button === undefined
      ? ''
      : `<form method="post" action="${escapeHtml(button.action)}"><button>${escapeHtml(button.label)}</button></form>`;
  const target = button === undefined ? "'none'" : `'self' ${button.origin}`;
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
${form}
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
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
