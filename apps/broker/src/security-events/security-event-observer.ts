import type { SecurityEventToken } from '@mcp-obo/validator';
import type { BrokerDeps } from '../deps.ts';
import type { RevocationObserver } from '../revocation/revocation-observer.ts';
import { deliveryError } from './delivery-error.ts';

/** Tells audit and metrics of security events. A metric has no name of a user or a session. */
export interface SecurityEventObserver {
  readonly acted: (token: SecurityEventToken) => void;
  readonly repeated: (token: SecurityEventToken) => void;
  readonly refused: (error: unknown) => void;
}

export function createSecurityEventObserver({
  metrics,
  revocations,
}: Pick<BrokerDeps, 'metrics'> & { readonly revocations: RevocationObserver }): SecurityEventObserver {
  const count = ({ issuer, events }: SecurityEventToken, repeated: boolean) => {
    for (const { name: event, ends } of events)
      metrics.securityEvent({
        issuer,
        event,
        outcome: repeated ? 'repeated' : ends.length > 0 ? 'acted' : 'ignored',
      });
  };
  return {
    acted(token) {
      count(token, false);
      const source = { reason: 'security_event', tokenId: token.tokenId } as const;
      for (const { ends } of token.events)
        for (const revocation of ends) revocations.revoked(revocation, source);
    },
    repeated: (token) => count(token, true),
    refused(error) {
      const outcome = deliveryError(error) === undefined ? 'fault' : 'refused';
      metrics.securityEvent({ issuer: 'unknown', event: 'unknown', outcome });
      revocations.refused(error);
    },
  };
}
