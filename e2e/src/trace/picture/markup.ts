type Attributes = Readonly<Record<string, string | number>>;

/** Text as it can stand in an element or an attribute of SVG and HTML, whatever a span was given as a name. */
export function escapeText(text: string): string {
  return text.replace(unprintable, '\u{FFFD}').replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** An element; `content` is markup already. */
export function element(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeText(String(value))}"`);
  const start = `<${name}${list.join('')}`;
  return content.length === 0 ? `${start}/>` : `${start}>${content.join('')}</${name}>`;
}

/** Characters that XML 1.0 §2.2 does not allow, and those that turn the direction of a line around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get out.
const unprintable = /[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\uD800-\uDFFF\uFFFE\uFFFF]/gu;
