import { readClaimsChallenge } from '../claims-challenge.ts';
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
  const claims = readClaimsChallenge(members.claims);
  return {
    ...sent,
    status,
    codes: Array.isArray(members.error_codes) ? members.error_codes.filter(Number.isSafeInteger) : [],
    ...(error === undefined ? {} : { error }),
    ...(suberror === undefined ? {} : { suberror }),
    ...(claims === undefined ? {} : { claims }),
  };
}

/**
 * How long to wait, in seconds, at least 1 and at most an hour: `Retry-After` as seconds or a date (RFC 9110
 * §10.2.3), else the reset time of Okta and Auth0, seconds since the epoch.
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after');
  const reset = headers.get('x-rate-limit-reset') ?? headers.get('x-ratelimit-reset');
  const seconds = value === null ? secondsUntil(reset, now) : secondsOf(value, now);
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(1, Math.ceil(seconds))) : undefined;
}

function secondsOf(value: string, now: number): number {
  return /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
}

function secondsUntil(reset: string | null, now: number): number {
  return reset !== null && /^\d+$/.test(reset) ? Number(reset) - now / 1000 : Number.NaN;
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value) ? value : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
