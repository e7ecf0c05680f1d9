/** A parameter that is there once and not empty (RFC 6749 §3.2: without a value it counts as omitted). */
export function single(params: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = params[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The words of a `scope` (RFC 6749 §3.3), each once. */
export function spaced(scope: unknown): string[] {
  if (typeof scope !== 'string') return [];
  return [...new Set(scope.split(' ').filter((word) => word !== ''))];
}
