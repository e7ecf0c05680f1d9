/**
 * Matches a URI against a template whose variables stand for one path segment each (`expense://{id}`,
 * RFC 6570 level 1). The pattern has no nested repetition, so its time grows with the length of the URI.
 */
export function createUriMatcher(
  template: string,
): (uri: string) => Readonly<Record<string, string>> | undefined {
  const names: string[] = [];
  const pattern = template.split(/(\{[A-Za-z][A-Za-z0-9_]*\})/).map((part) => {
    if (!part.startsWith('{')) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    names.push(part.slice(1, -1));
    return '([^/?#]{1,256})';
  });
  const expression = new RegExp(`^${pattern.join('')}$`);
  return (uri) => {
    const match = uri.length > 2048 ? null : expression.exec(uri);
    if (match === null) return undefined;
    return Object.fromEntries(names.map((name, index) => [name, decode(match[index + 1] ?? '')]));
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
