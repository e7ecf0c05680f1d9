import type { Claims } from './profile.ts';

/** A claim that is a non-empty string, else undefined. */
export function text(claims: Claims, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
