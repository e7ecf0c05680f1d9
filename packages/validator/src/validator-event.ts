import type { KeyProblem } from './verification-key.ts';

/** What a validator tells a metric. `issuer` is always a configured one, so it is safe as a label. */
export type ValidatorEvent =
  | { readonly type: 'success'; readonly issuer: string; readonly tenant: string; readonly cached: boolean }
  /** A credential was not accepted. Without `issuer` when the token named none that is configured. */
  | {
      readonly type: 'failure';
      readonly reason: string;
      readonly fault: 'caller' | 'platform';
      readonly issuer?: string;
      readonly tenant?: string;
    }
  | {
      readonly type: 'jwks_refresh';
      readonly issuer: string;
      readonly outcome: 'success' | 'failure';
      /** `initial`: none were known; `background`: before they expire; `forced`: a token asked for a new key. */
      readonly trigger: 'initial' | 'background' | 'forced';
      readonly milliseconds: number;
      /** What stood in the way of a failure, for the log. */
      readonly err?: unknown;
    }
  /** An issuer was asked about a token. */
  | {
      readonly type: 'introspection';
      readonly issuer: string;
      readonly outcome: 'active' | 'inactive' | 'failure';
      readonly milliseconds: number;
      /** What stood in the way of a failure, for the log. */
      readonly err?: unknown;
    }
  /** Keys older than their time to live were used because newer ones cannot be had. */
  | { readonly type: 'jwks_stale'; readonly issuer: string; readonly ageSeconds: number }
  | {
      readonly type: 'jwks_key_left_out';
      readonly issuer: string;
      readonly kid: string;
      readonly problem: KeyProblem;
    }
  /** An accepted token lives longer than the hour that is recommended. */
  | { readonly type: 'long_lifetime'; readonly issuer: string; readonly seconds: number };

/** The part of a pino logger that is used. Nothing of a token is ever in `fields`. */
export interface ValidatorLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
