/** Parameters of a token request, each at most once. */
export type Form = Readonly<Record<string, string | undefined>>;

/** Reads a parsed form or JSON body; undefined when a parameter is repeated or no string (RFC 6749 §3.2). */
export function parseForm(body: unknown): Form | undefined {
  if (typeof body !== 'object' || body === null) return {};
  const entries = Object.entries(body);
  return entries.every(([, value]) => typeof value === 'string') ? Object.fromEntries(entries) : undefined;
}

/** Names of a `scope` parameter. */
export function scopeList(scope: string | undefined): string[] {
  return scope === undefined ? [] : scope.split(' ').filter((name) => name !== '');
}
