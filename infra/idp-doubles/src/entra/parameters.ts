import { AadstsError } from './aadsts.ts';

/** Parameters of a token request, each at most once. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** Reads a form body. A repeated parameter is a malformed request (RFC 6749 §3.2). */
export function parseParameters(body: unknown): Parameters {
  if (typeof body !== 'object' || body === null) throw new AadstsError(900144);
  const entries = Object.entries(body);
  if (entries.some(([, value]) => typeof value !== 'string')) throw new AadstsError(9002313);
  return Object.fromEntries(entries);
}

/** The value of a parameter that must be there. */
export function required(parameters: Parameters, name: string): string {
  const value = parameters[name];
  if (value === undefined || value === '') throw new AadstsError(900144);
  return value;
}
