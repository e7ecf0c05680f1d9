import { type Form, parseForm } from '../form.ts';
import { AadstsError } from './aadsts.ts';

/** Reads a form body. A repeated parameter is a malformed request (RFC 6749 §3.2). */
export function parseParameters(body: unknown): Form {
  const form = parseForm(body);
  if (form === undefined) throw new AadstsError(9002313);
  return form;
}

/** The value of a parameter that must be there. */
export function required(parameters: Form, name: string): string {
  const value = parameters[name];
  if (value === undefined || value === '') throw new AadstsError(900144);
  return value;
}
