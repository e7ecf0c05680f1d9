/** A form of a page, as far as it must be known to send it. */
export interface Form {
  readonly kind: 'login' | 'consent' | 'other';
  readonly action: string;
  readonly hidden: [string, string][];
}

/** The only form of a page. */
export function readForm(markup: string): Form | undefined {
  const [, action] = /<form\b[^>]*\baction="([^"]*)"/.exec(markup) ?? [];
  if (action === undefined) return undefined;
  const hidden = [...markup.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)].map(
    ([input]): [string, string] => [attribute(input, 'name'), attribute(input, 'value')],
  );
  const kind = markup.includes('id="password"')
    ? 'login'
    : markup.includes('id="accept"')
      ? 'consent'
      : 'other';
  return { kind, action: decode(action), hidden };
}

/** The text of the element with that id, if it is there. */
export function readText(markup: string, id: string): string | undefined {
  const [, text] = new RegExp(`\\bid="${id}"[^>]*>([^<]*)<`).exec(markup) ?? [];
  return text === undefined ? undefined : decode(text);
}

function attribute(element: string, name: string): string {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(element) ?? [];
  return decode(value);
}

function decode(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
