import type { UserKey } from '@mcp-obo/grant';
import { isOAuthError, oauthErrorTable } from '@mcp-obo/oauth-error';
import type { Revocation } from '@mcp-obo/revocation';
import type { ClientConfig } from '../config.ts';
import type { BrokerDeps } from '../deps.ts';

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
}

export function createRevocationObserver({
  audit,
  metrics,
}: Pick<BrokerDeps, 'audit' | 'metrics'>): RevocationObserver {
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
