import { OAuthError } from '@mcp-obo/oauth-error';
import { matchesSecret } from '../client-auth/client-secret.ts';
import type { Receiver } from './receiver.ts';
import type { SecurityEventObserver } from './security-event-observer.ts';

/** A transmitter that may push. */
export interface PushingTransmitter {
  /** Exact `iss` of its tokens. */
  readonly transmitter: string;
  /** SHA-256 of the bearer tokens that it may show; absent: it shows none. */
  readonly token?: readonly string[];
}

export interface PushEndpointOptions {
  readonly transmitters: readonly PushingTransmitter[];
  readonly receive: Receiver;
  readonly observer: Pick<SecurityEventObserver, 'refused'>;
}

/** What of the request is looked at. */
export interface PushRequest {
  /** Every line of the header. */
  readonly authorization: readonly string[];
  readonly body: string;
}

/**
 * `POST /security-events` (RFC 8935 §2): a transmitter delivers a security event token. Who shows no
 * bearer token of a transmitter that needs one is refused before the token is looked at, and no transmitter delivers
 * by what another shows.
 */
export function createPushEndpoint({ transmitters, receive, observer }: PushEndpointOptions) {
  return async ({ authorization, body }: PushRequest): Promise<void> => {
    const shown = bearerOf(authorization);
    const proved = transmitters.filter(({ token }) => token === undefined || isShown(shown, token));
    if (proved.length === 0) {
      const error = new OAuthError('access_denied', 'The transmitter did not prove who it is.', {
        reason: 'event_authorization',
      });
      observer.refused(error);
      throw error;
    }
    await receive(body, { transmitters: new Set(proved.map(({ transmitter }) => transmitter)) });
  };
}

function isShown(shown: string | undefined, hashes: readonly string[]): boolean {
  return shown !== undefined && matchesSecret(shown, hashes);
}

/** The bearer token (RFC 6750 §2.1); none when there is more than one header. */
function bearerOf(authorization: readonly string[]): string | undefined {
  const [header = '', ...more] = authorization;
  return more.length > 0 ? undefined : /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header)?.[1];
}
