import { OAuthError } from '@mcp-obo/oauth-error';
import type { SecurityEventToken } from '@mcp-obo/validator';
import type { Revoker } from '../revocation/revoker.ts';
import type { HandledEvents } from './handled-events.ts';
import type { SecurityEventObserver } from './security-event-observer.ts';

export interface ReceiverOptions {
  readonly validate: (token: string) => Promise<SecurityEventToken>;
  readonly handled: HandledEvents;
  readonly revoke: Revoker['revoke'];
  readonly observer: SecurityEventObserver;
  /** Resolves when the audit has what it was told. */
  readonly recorded: () => Promise<void>;
}

/** How a token came. */
export interface Delivery {
  /** Exact `iss` of those who may deliver theirs in this way. */
  readonly transmitters: ReadonlySet<string>;
  /** The `jti` that it was announced by. */
  readonly tokenId?: string;
}

/**
 * Acts on a security event token. Resolves when all that it ends is on the list that every validator reads, or was so
 * before; then, and only then, it may be acknowledged. Rejects with a refusal for a token that will never be taken,
 * and with `temporarily_unavailable` when it must come again.
 */
export type Receiver = (token: string, delivery: Delivery) => Promise<void>;

export function createReceiver({ validate, handled, revoke, observer, recorded }: ReceiverOptions): Receiver {
  async function act(received: SecurityEventToken): Promise<void> {
    for (const { ends } of received.events) for (const revocation of ends) await revoke(revocation);
    observer.acted(received);
    await recorded();
    await handled.add(received);
  }

  return async (token, delivery) => {
    try {
      const received = await validate(token); //   RFC 8417 §2.2, and its signature
      refuseForeign(received, delivery); //        RFC 8935 §2, RFC 8936 §2
      if (await handled.has(received)) observer.repeated(received);
      else await act(received);
    } catch (error) {
      observer.refused(error);
      throw error;
    }
  };
}

function refuseForeign({ transmitter, tokenId }: SecurityEventToken, delivery: Delivery): void {
  if (!delivery.transmitters.has(transmitter))
    throw new OAuthError('access_denied', 'The transmitter may not deliver in this way.', {
      reason: 'event_delivery',
    });
  if (delivery.tokenId !== undefined && delivery.tokenId !== tokenId)
    throw new OAuthError('invalid_request', 'The token has another name than it was announced by.', {
      reason: 'event_name',
    });
}
