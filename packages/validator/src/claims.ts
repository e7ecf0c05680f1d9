import type { Claims } from '@mcp-obo/idp-profile';
import { refusal } from './refusal.ts';

/** A claim of the token itself; inherited members (`constructor`) are no claims. */
export function claim(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** The first of these claims that is present, as a non-empty string. */
export function requiredText(claims: Claims, names: readonly string[], reason: string): string {
  const name = names.find((one) => Object.hasOwn(claims, one));
  const value = name === undefined ? undefined : claims[name];
  if (typeof value !== 'string' || value === '') throw refusal(reason);
  return value;
}

/** A string, or undefined when absent. */
export function optionalText(claims: Claims, name: string): string | undefined {
  const value = claim(claims, name);
  if (value === undefined || typeof value === 'string') return value;
  throw refusal('claim_type', name);
}

/** `NumericDate` of RFC 7519 §2: a number. That it is finite was seen to when the text was parsed. */
export function optionalTime(claims: Claims, name: string): number | undefined {
  const value = claim(claims, name);
  if (value === undefined || typeof value === 'number') return value;
  throw refusal('time_claim', name);
}

/** As {@link optionalTime}, and present. */
export function requiredTime(claims: Claims, name: string): number {
  const value = optionalTime(claims, name);
  if (value === undefined) throw refusal('time_claim', name);
  return value;
}

/** A list of strings, or undefined when absent. */
export function optionalList(claims: Claims, name: string): readonly string[] | undefined {
  return listOf(claim(claims, name), name);
}

/** All strings of the lists at these paths, sorted and unique. */
export function listsAt(claims: Claims, paths: readonly (readonly string[])[]): readonly string[] {
  const found = paths.flatMap((path) => listOf(valueAt(claims, path), path.join('.')) ?? []);
  return [...new Set(found)].sort();
}

function valueAt(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw refusal('claim_type', name);
    value = claim(value as Claims, name);
  }
  return value;
}

function listOf(value: unknown, name: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((member) => typeof member === 'string')) return value;
  throw refusal('claim_type', name);
}
