import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { parseAudience, type TokenClock } from './access-token.ts';
import { requiredTime } from './claims.ts';
import { parseCompactJws } from './compact-jws.ts';
import type { IssuerConfig, TrustedIssuer } from './issuer-config.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { parseJoseHeader } from './jose-header.ts';
import { refusal } from './refusal.ts';
import { createReporter } from './reporter.ts';
import { verifySignature } from './signature.ts';
import type { ValidatorOptions } from './validator-options.ts';

export interface StatementValidatorOptions
  extends Pick<ValidatorOptions, 'clockTolerance' | 'maxTokenBytes' | 'now' | 'fetch' | 'log' | 'onEvent'> {
  readonly issuers: readonly IssuerConfig[];
}

/** Claims of a statement that are not verified yet. */
export interface UnverifiedStatement {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly issuer: TrustedIssuer;
  readonly clock: TokenClock;
}

/** One kind of JWT by which an issuer tells us something, and that gives its bearer nothing. */
export interface StatementKind<T> {
  /** The one `typ` that it has, lower case, without `application/`: no token is of two kinds (RFC 8725 §3.11). */
  readonly typ: string;
  /** What it says. Throws a refusal for claims that its specification does not allow. */
  readonly parse: (statement: UnverifiedStatement) => T;
  /** What is said when it could not be checked for a fault of ours. */
  readonly fault: string;
}

export interface StatementValidator<T> {
  /** Rejects like a validator of access tokens does: `invalid_token`, or 503 when it cannot be checked. */
  readonly validate: (token: string) => Promise<T>;
  readonly close: () => void;
}

/**
 * A validator of statements of one kind: of a configured issuer, explicitly typed, for us, with right claims, and
 * signed by the issuer's key under the rules for access tokens.
 *
 * @throws TypeError that names every wrong option.
 */
export function createStatementValidator<T>(
  options: StatementValidatorOptions,
  { typ, parse, fault }: StatementKind<T>,
): StatementValidator<T> {
  const { clockTolerance = 30, maxTokenBytes = 8192, now = Date.now } = options;
  const configs = options.issuers.map((issuer) => ({ ...issuer, typ: [typ] }));
  const report = createReporter(options);
  const { issuers, close } = createIssuerKeys({ ...options, issuers: configs }, now, report.event);

  async function judge(token: string): Promise<T> {
    if (token.length > maxTokenBytes) throw refusal('too_large');
    const { header, payload, signature } = parseCompactJws(token);
    const issuer = typeof payload.iss === 'string' ? issuers.get(payload.iss) : undefined;
    if (issuer === undefined) throw refusal('issuer');
    const { config, keys } = issuer;
    const joseHeader = parseJoseHeader(header, config);
    parseAudience(payload, config);
    const clock = { now: now() / 1000, tolerance: clockTolerance };
    const said = parse({ payload, issuer: config, clock });
    const issuedAt = requiredTime(payload, 'iat');
    await verifySignature({ token, header: joseHeader, signature, issuedAt }, keys, clockTolerance);
    return said;
  }

  return {
    async validate(token) {
      try {
        return await judge(token);
      } catch (cause) {
        if (isOAuthError(cause)) throw cause;
        throw new OAuthError('server_error', fault, { reason: 'bug', cause });
      }
    },
    close,
  };
}
