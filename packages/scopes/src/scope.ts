/** `scope-token` of RFC 6749 §3.3: printable ASCII without space, `"` and `\`. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** True for one scope as RFC 6749 §3.3 writes it. */
export function isScopeToken(value: unknown): value is string {
  return typeof value === 'string' && scopeToken.test(value);
}

/** Sorted and unique, so that two equal sets of scopes are two equal lists. */
export function sortScopes(scopes: Iterable<string>): string[] {
  return [...new Set(scopes)].sort();
}
