/** Longest resource URI that is looked at. */
const maxUriLength = 2048;

/**
 * Tells which URIs a template such as `expense://{id}` or `file://{dir}/{name}` stands for. A variable is
 * one or more characters up to the next `/`, `?` or `#`, so the match takes time linear in the URI whatever
 * a caller sends. Only simple expansion of RFC 6570 §3.2.2 is understood.
 *
 * @throws RangeError for a template that could match one URI in two ways.
 */
export function compileUriTemplate(template: string): (uri: string) => boolean {
  const pieces = template.split(/(\{[^{}]*\})/);
  const pattern = pieces.map((piece, index) =>
    index % 2 === 0
      ? literal(piece, template, index > 0, index === pieces.length - 1)
      : variable(piece, template),
  );
  const whole = new RegExp(`^${pattern.join('')}$`);
  return (uri) => uri.length <= maxUriLength && whole.test(uri);
}

function variable(piece: string, template: string): string {
  if (/^\{\w+\}$/.test(piece)) return '[^/?#]+';
  throw new RangeError(`"${template}": "${piece}" is not understood; write {name}.`);
}

function literal(piece: string, template: string, afterVariable: boolean, last: boolean): string {
  if (/[{}]/.test(piece)) throw new RangeError(`"${template}": braces do not match.`);
  if (afterVariable && !(last && piece === '') && !/^[/?#]/.test(piece)) {
    throw new RangeError(`"${template}": after a variable comes "/", "?", "#" or the end.`);
  }
  return piece.replace(/[\\^$.*+?()[\]|/-]/g, '\\$&');
}
