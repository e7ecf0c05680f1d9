import { createHash, createHmac } from 'node:crypto';
import { clean } from './clean.ts';

/** How much of a parameter an audit record shows. */
export type Sensitivity = 'value' | 'hash' | 'omit';

/** Arguments of a call with what may be shown of each. A parameter that is not named is left out altogether. */
export interface AuditedParameters {
  readonly values: Readonly<Record<string, unknown>>;
  readonly sensitivity: Readonly<Record<string, Sensitivity>>;
}

/** A parameter in a record. */
export type RecordedParameter =
  | string
  | number
  | boolean
  | null
  | { readonly sha256: string }
  | { readonly omitted: true };

/** The parameters as they may be written: only those that are named, each by its sensitivity. */
export function recordParameters(
  { values, sensitivity }: AuditedParameters,
  hashKey: Uint8Array | undefined,
): Readonly<Record<string, RecordedParameter>> {
  const present = Object.entries(sensitivity).filter(([name]) => Object.hasOwn(values, name));
  return Object.fromEntries(present.map(([name, how]) => [name, recordValue(values[name], how, hashKey)]));
}

function recordValue(value: unknown, how: Sensitivity, hashKey: Uint8Array | undefined): RecordedParameter {
  if (how === 'omit') return omitted;
  try {
    if (how === 'hash') return { sha256: digest(canonical(value), hashKey) };
    return isPlain(value) ? value : clean(typeof value === 'string' ? value : canonical(value));
  } catch {
    return omitted;
  }
}

const omitted = { omitted: true } as const;

function isPlain(value: unknown): value is number | boolean | null {
  return (
    value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  );
}

/** With a key nobody can find a value by trying likely ones. */
function digest(text: string, key: Uint8Array | undefined): string {
  const hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  return hash.update(text).digest('base64url');
}

/** JSON with sorted members, so that equal values have equal hashes. */
function canonical(value: unknown): string {
  const text = JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
  if (text === undefined) throw new TypeError('The value has no JSON.');
  return text;
}
