import { type Credential, type Grant, tokenHash } from '@mcp-obo/grant';
import type { Claims } from '@mcp-obo/idp-profile';
import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { nothingRevoked } from '@mcp-obo/revocation';
import { parseAccessToken } from './access-token.ts';
import { parseCompactJws } from './compact-jws.ts';
import { proveConfirmation } from './confirmation.ts';
import { createGrantCache } from './grant-cache.ts';
import type { TrustedIssuer } from './issuer-config.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { parseJoseHeader } from './jose-header.ts';
import { isOpaque, parseIntrospected } from './opaque-token.ts';
import { refusal } from './refusal.ts';
import { createReporter } from './reporter.ts';
import { verifySignature } from './signature.ts';
import { assertNumbers, type ValidatorOptions } from './validator-options.ts';

/** Turns credentials into grants. */
export interface Validator {
  /**
   * What the credential grants. Rejects with an `OAuthError`: `invalid_token` (401) when the token is at
   * fault, with the reason for log and audit alone; `temporarily_unavailable` (503) with `retryAfter` when
   * it cannot be checked; `server_error` (500) for a fault of our own.
   */
  validate(credential: Credential): Promise<Grant>;
  /**
   * Whether `validate` would give this very grant again for its token, at once and asking nobody: it is
   * remembered, its keys are the issuer's still, it has not expired, and it is not revoked. False for a grant whose
   * presenter has something to prove.
   */
  holds(grant: Grant): boolean;
  /**
   * Whether the issuer itself has just said that this very grant's token is active, because this process may have
   * missed a revocation. What needs a fresh view of revocations may then be served all the same.
   */
  isConfirmed(grant: Grant): boolean;
  /** Fetches the keys of every issuer; rejects with 503 if those of one cannot be had. */
  ready(): Promise<void>;
  /** Ends running fetches; none begins after. */
  close(): void;
}

/**
 * A validator for the access tokens of the given issuers (RFC 9068 §4, RFC 8725).
 *
 * @throws TypeError that names every wrong option.
 */
export function createValidator(options: ValidatorOptions): Validator {
  const { clockTolerance = 30, maxTokenBytes = 8192, now = Date.now, revocations = nothingRevoked } = options;
  assertNumbers(options);
  const report = createReporter(options);
  const { issuers, close } = createIssuerKeys(options, now, report.event);
  const cache = options.cache === false ? undefined : createGrantCache(options.cache?.maxEntries ?? 10_000);

  const opaqueIssuer = [...issuers.values()].find(
    ({ config }) => config.introspection !== undefined && config.introspection.tokens !== 'jwt',
  );
  const introspected = new WeakMap<Claims, Grant>();
  const confirmed = new WeakSet<Grant>();
  const clockNow = () => ({ now: now() / 1000, tolerance: clockTolerance });

  async function introspect(token: string, hash: string, witness: Witness): Promise<Grant> {
    if (opaqueIssuer?.introspector === undefined) throw refusal('malformed');
    const { config, introspector } = opaqueIssuer;
    witness.issuer = config;
    const anew = !revocations.isFresh();
    const answer = await introspector.ask(token, hash, anew);
    if (answer === undefined) throw refusal('inactive');
    const known = introspected.get(answer);
    witness.cached = known !== undefined;
    const grant = known ?? parseIntrospected(answer, config, clockNow(), hash);
    introspected.set(answer, grant);
    if (anew) confirmed.add(grant);
    return grant;
  }

  /** Who is asked about a JWT that was verified; nobody in most cases. */
  function judgeOf({ issuer }: Grant) {
    const entry = issuers.get(issuer);
    return entry === opaqueIssuer ? undefined : entry?.introspector;
  }

  /** Asks the issuer of a JWT whether it has ended the token, where it is to be asked. */
  async function refuseInactive(grant: Grant, token: string): Promise<void> {
    const introspector = judgeOf(grant);
    if (introspector === undefined) return;
    const anew = !revocations.isFresh();
    if ((await introspector.ask(token, grant.tokenHash, anew)) === undefined) throw refusal('inactive');
    if (anew) confirmed.add(grant);
  }

  async function verify(token: string, hash: string, witness: Witness): Promise<Grant> {
    const { header, payload, signature } = parseCompactJws(token);
    const issuer = typeof payload.iss === 'string' ? issuers.get(payload.iss) : undefined;
    if (issuer === undefined) throw refusal('issuer');
    witness.issuer = issuer.config;
    const joseHeader = parseJoseHeader(header, issuer.config);
    // Claims first: a token that would be refused anyway must not make us fetch keys.
    const grant = parseAccessToken(payload, issuer.config, clockNow(), hash);
    const unverified = { token, header: joseHeader, signature, issuedAt: grant.issuedAt };
    const set = await verifySignature(unverified, issuer.keys, clockTolerance);
    cache?.set(grant, issuer.keys, set);
    return grant;
  }

  async function judge({ scheme, token }: Credential, witness: Witness): Promise<Grant> {
    // No character is shorter than a byte, and a token with longer ones is malformed.
    if (token.length > maxTokenBytes) throw refusal('too_large');
    if (scheme !== 'Bearer') throw refusal('scheme');
    const hash = tokenHash(token);
    const known = revocations.isFresh() ? cache?.get(hash, now() / 1000) : undefined;
    witness.cached = known !== undefined;
    if (known === undefined && isOpaque(token)) return await introspect(token, hash, witness);
    const grant = known ?? (await verify(token, hash, witness));
    await refuseInactive(grant, token);
    return grant;
  }

  return {
    async validate(credential) {
      const witness: Witness = { issuer: undefined, cached: false };
      try {
        const grant = await judge(credential, witness);
        if (grant.cnf !== undefined) await proveConfirmation(grant.cnf, credential);
        // Last, so that what was revoked while the token was checked is not let through.
        if (revocations.isRevoked(grant)) throw refusal('revoked');
        report.accepted(grant, witness.cached);
        return grant;
      } catch (cause) {
        const error = asOAuthError(cause);
        report.refused(error, witness.issuer);
        throw error;
      }
    },
    holds: (grant) =>
      grant.cnf === undefined &&
      judgeOf(grant) === undefined &&
      revocations.isFresh() &&
      cache?.get(grant.tokenHash, now() / 1000) === grant &&
      !revocations.isRevoked(grant),
    isConfirmed: (grant) => confirmed.has(grant),
    async ready() {
      const signed = [...issuers.values()].filter((issuer) => issuer !== opaqueIssuer);
      await Promise.all(signed.map(({ keys }) => keys.current()));
    },
    close,
  };
}

/** What is known so far of a validation that may fail. */
interface Witness {
  issuer: TrustedIssuer | undefined;
  cached: boolean;
}

/** Whatever is no refusal is a fault of ours, and never the caller's. */
function asOAuthError(cause: unknown): OAuthError {
  if (isOAuthError(cause)) return cause;
  return new OAuthError('server_error', 'The access token could not be checked.', { reason: 'bug', cause });
}
