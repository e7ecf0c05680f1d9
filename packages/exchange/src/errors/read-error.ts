import type { UpstreamError } from './error-row.ts';

/** The body of an error response, read member by member; what is not as it should be is left out. */
export function readErrorBody(
  status: number,
  body: unknown,
  sent: Pick<UpstreamError, 'operation' | 'credential'>,
): UpstreamError {
  const members: Readonly<Record<string, unknown>> = isObject(body) ? body : {};
  const error = word(members.error);
  const suberror = word(members.suberror);
  const claims = challenge(members.claims);
  return {
    ...sent,
    status,
    codes: Array.isArray(members.error_codes) ? members.error_codes.filter(Number.isSafeInteger) : [],
    ...(error === undefined ? {} : { error }),
    ...(suberror === undefined ? {} : { suberror }),
    ...(claims === undefined ? {} : { claims }),
  };
}

/** `Retry-After` in seconds, from seconds or a date (RFC 9110 §10.2.3), at least 1 and at most an hour. */
export function readRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(1, Math.ceil(seconds))) : undefined;
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value) ? value : undefined;
}

/** A claims challenge is a JSON object as text, of a size that fits a header. */
function challenge(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 4096) return undefined;
  try {
    return isObject(JSON.parse(value)) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
