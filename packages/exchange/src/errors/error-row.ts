import type { OutcomeName } from './outcome.ts';

/** An error as the token endpoint sent it, and what was sent to get it. */
export interface UpstreamError {
  readonly status: number;
  /** `error`; undefined when the body is not that of RFC 6749 §5.2. */
  readonly error?: string;
  /** `suberror` (Entra). */
  readonly suberror?: string;
  /** `error_codes` (Entra). */
  readonly codes: readonly number[];
  /** A claims challenge: a JSON object, as text. */
  readonly claims?: string;
  readonly operation: 'exchange' | 'client_credentials';
  /** How our registration authenticated. */
  readonly credential: 'secret' | 'assertion';
}

/** One row: every condition that is given must hold. The first row that fits decides. */
export interface ErrorRow {
  readonly error?: readonly string[];
  readonly suberror?: readonly string[];
  readonly codes?: readonly number[];
  /** Lowest and highest status. */
  readonly status?: readonly [number, number];
  /** Needs a claims challenge in the answer. */
  readonly claims?: true;
  readonly operation?: UpstreamError['operation'];
  readonly credential?: UpstreamError['credential'];
  readonly outcome: OutcomeName;
  /** Where the provider says so, or what was seen. */
  readonly source: string;
}

/** The outcome of the first row that fits. Decided on codes alone and never on a text. */
export function matchRow(rows: readonly ErrorRow[], error: UpstreamError): OutcomeName | undefined {
  return rows.find((row) => fits(row, error))?.outcome;
}

function fits(row: ErrorRow, error: UpstreamError): boolean {
  return (
    holds(row.error, error.error) &&
    holds(row.suberror, error.suberror) &&
    (row.codes === undefined || error.codes.some((code) => row.codes?.includes(code) === true)) &&
    (row.status === undefined || (error.status >= row.status[0] && error.status <= row.status[1])) &&
    (row.claims === undefined || error.claims !== undefined) &&
    (row.operation === undefined || row.operation === error.operation) &&
    (row.credential === undefined || row.credential === error.credential)
  );
}

function holds(expected: readonly string[] | undefined, actual: string | undefined): boolean {
  return expected === undefined || (actual !== undefined && expected.includes(actual));
}
