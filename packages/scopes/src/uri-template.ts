/** Longest resource URI that is looked at. */
const maxUriLength = 2048;

/** The variables of a URI that a template stands for, percent-decoded; undefined for any other URI. */
export type UriMatcher = (uri: string) => Readonly<Record<string, string>> | undefined;

/**
 * Tells which URIs a template such as `expense://{id}` or `file://{dir}/{name}` stands for. A variable is
 * one or more characters up to the next `/`, `?` or `#`, so the match takes time linear in the URI whatever
 * a caller sends. Only simple expansion of RFC 6570 §3.2.2 is understood. A URI whose variables are not
 * percent-encoded UTF-8 does not match.
 *
 * @throws RangeError for a template that could match one URI in two ways, or has one variable twice.
 */
export function createUriMatcher(template: string): UriMatcher {
  const pieces = template.split(/(\{[^{}]*\})/);
  const pattern = pieces.map((piece, index) =>
    index % 2 === 0
      ? literal(piece, template, index > 0, index === pieces.length - 1)
      : variable(piece, template),
  );
  const whole = new RegExp(`^${pattern.join('')}$`);
  const names = pieces.filter((_, index) => index % 2 === 1).map((piece) => piece.slice(1, -1));
  if (new Set(names).size < names.length) throw new RangeError(`"${template}": a variable is there twice.`);
  return (uri) => {
    const match = uri.length > maxUriLength ? null : whole.exec(uri);
    return match === null ? undefined : variablesOf(names, match.slice(1));
  };
}

function variablesOf(
  names: readonly string[],
  values: readonly string[],
): Readonly<Record<string, string>> | undefined {
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]));
  } catch {
    return undefined;
  }
}

function variable(piece: string, template: string): string {
  if (/^\{\w+\}$/.test(piece)) return '([^/?#]+)';
  throw new RangeError(`"${template}": "${piece}" is not understood; write {name}.`);
}

function literal(piece: string, template: string, afterVariable: boolean, last: boolean): string {
  if (/[{}]/.test(piece)) throw new RangeError(`"${template}": braces do not match.`);
  if (afterVariable && !(last && piece === '') && !/^[/?#]/.test(piece)) {
    throw new RangeError(`"${template}": after a variable comes "/", "?", "#" or the end.`);
  }
  return piece.replace(/[\\^$.*+?()[\]|/-]/g, '\\$&');
}
