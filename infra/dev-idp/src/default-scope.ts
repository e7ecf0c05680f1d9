import type { Resources } from './resources.ts';

/**
 * Gives a request that names no scope the default ones of its resource (RFC 6749 §3.3): MCP clients named
 * none before the revision of 2025-11-25. A resource without defaults changes nothing.
 */
export function withDefaultScope(url: URL, resources: Resources): URL {
  const { searchParams } = url;
  if (searchParams.get('scope')?.trim()) return url;
  const identifier = searchParams.get('resource') ?? resources.defaultIdentifier ?? '';
  const scopes = resources.find(identifier)?.default_scopes;
  if (scopes !== undefined) searchParams.set('scope', scopes.join(' '));
  return url;
}
