/** The action of the only form of a page, and its hidden fields. */
export function readForm(markup: string): { action: string; hidden: [string, string][] } | undefined {
  const [, action] = /<form\b[^>]*\baction="([^"]*)"/.exec(markup) ?? [];
  if (action === undefined) return undefined;
  const hidden = [...markup.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)].map(
    ([input]): [string, string] => [attribute(input, 'name'), attribute(input, 'value')],
  );
  return { action: decode(action), hidden };
}

/** Where the link with that id leads, if it is there. */
export function readLink(markup: string, id: string): string | undefined {
  const [element] = new RegExp(`<a\\b[^>]*\\bid="${id}"[^>]*>`).exec(markup) ?? [];
  return element === undefined ? undefined : attribute(element, 'href');
}

/** The text of the element with that id, if it is there. */
export function readText(markup: string, id: string): string | undefined {
  const [, text] = new RegExp(`\\bid="${id}"[^>]*>([^<]*)<`).exec(markup) ?? [];
  return text === undefined ? undefined : decode(text).trim();
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
