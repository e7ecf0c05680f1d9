import type { EvictedToken } from '@mcp-obo/exchange';
import type { UserKey } from '@mcp-obo/grant';
import { isOAuthError, oauthErrorTable } from '@mcp-obo/oauth-error';
import type { Revocation } from '@mcp-obo/revocation';
import { decodeJwt } from 'jose';
import type { ClientConfig } from '../config.ts';
import type { BrokerDeps } from '../deps.ts';

/** What became of a token at its issuer. `dropped`: there were too many, or the process ended. */
export type IssuerOutcome = 'revoked' | 'refused' | 'unsupported' | 'fault' | 'dropped';

/** Who or what asked for a revocation. */
export interface RevocationSource {
  readonly client?: string;
  readonly reason: 'revocation_request' | 'operator' | 'backchannel_logout' | 'security_event';
  /** `jti` of the token that told of it. */
  readonly tokenId?: string;
  /** The user of a revoked token. */
  readonly user?: UserKey;
}

/** Tells audit and metrics of revocations. */
export interface RevocationObserver {
  readonly revoked: (revocation: Revocation, source: RevocationSource) => void;
  /** What a client, or without one an issuer, was refused. */
  readonly refused: (error: unknown, client?: ClientConfig) => void;
  /** What became of a token that was obtained, at the issuer; with what went wrong. */
  readonly atIssuer: (token: EvictedToken, outcome: IssuerOutcome, error?: unknown) => void;
}

/** How the audit decides what became of a token at its issuer. */
const decisions = {
  revoked: 'allow',
  refused: 'refuse',
  unsupported: 'refuse',
  fault: 'fault',
  dropped: 'fault',
} as const satisfies Record<IssuerOutcome, string>;

export function createRevocationObserver({
  audit,
  metrics,
  log,
}: Pick<BrokerDeps, 'audit' | 'metrics' | 'log'>): RevocationObserver {
  return {
    revoked(revocation, { client, reason, tokenId, user }) {
      metrics.revocation({ kind: revocation.kind });
      const subject = audited(revocation);
      audit.record({ type: 'revocation', decision: 'allow', reason, client, user, tokenId, ...subject });
    },
    refused(error, client) {
      const { code, reason } = isOAuthError(error) ? error : { code: 'server_error', reason: 'server_error' };
      const { fault } = oauthErrorTable[code as keyof typeof oauthErrorTable];
      const decision = fault === 'platform' ? 'fault' : 'refuse';
      audit.record({ type: 'revocation', decision, reason, client: client?.id });
    },
    atIssuer({ issuer, client, registration, accessToken }, outcome, error) {
      metrics.issuerRevocation({ issuer, outcome });
      const token = { issuer, client, subjectClient: registration, tokenId: tokenIdOf(accessToken) };
      audit.record({
        type: 'revocation',
        decision: decisions[outcome],
        reason: `issuer_${outcome}`,
        ...token,
      });
      // What an issuer cannot do is no fault that anybody could mend.
      const level = outcome === 'unsupported' ? 'info' : 'warn';
      if (error !== undefined)
        log[level]({ issuer, client, outcome, err: error }, 'not revoked at the issuer');
    },
  };
}

/** What was revoked, by the names of the audit. */
function audited({ kind, issuer, id }: Revocation) {
  const members = {
    token: { tokenId: id },
    session: { session: id },
    user: { user: { issuer, key: id } },
    client: { subjectClient: id },
  } as const;
  return { issuer, ...members[kind] };
}

/** `jti` of a token that is a JWT; only to name it, so nothing is checked. */
function tokenIdOf(accessToken: string): string | undefined {
  try {
    return decodeJwt(accessToken).jti;
  } catch {
    return undefined;
  }
}
