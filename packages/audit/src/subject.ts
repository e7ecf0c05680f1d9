import type { Grant } from '@mcp-obo/grant';
import type { AuditSubject } from './event.ts';

/** Who a grant is about, ready to be spread into an event. */
export function auditSubject(grant: Grant): AuditSubject {
  const { tenant, issuer, user, client, tokenId, session, act, scopes } = grant;
  return { tenant, issuer, user, client, tokenId, session, act, scopes };
}
