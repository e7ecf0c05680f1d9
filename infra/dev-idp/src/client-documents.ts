import type { Configuration, ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { isLoopback } from './loopback.ts';

/** Whose client ID metadata documents are read. */
export const documentModes = ['off', 'loopback', 'on'] as const;
export type DocumentMode = (typeof documentModes)[number];

type Feature = NonNullable<NonNullable<Configuration['features']>['clientIdMetadataDocument']>;

/** The library's feature for a mode. A document that may not be read is refused without a look at the network. */
export function clientDocuments(mode: DocumentMode): Feature {
  if (mode === 'off') return { enabled: false };
  return {
    enabled: true,
    ack: 'draft-02',
    allowFetch: (_context: unknown, url: string) => mode === 'on' || isLoopback(url),
  };
}

/**
 * What to do about a client whose document could not be read: without the internet such a client cannot log in,
 * and it would not try to register itself as long as documents are announced. Undefined for all other errors.
 */
export function explainDocument(context: KoaContextWithOIDC, { error }: ErrorOut): string | undefined {
  const id = context.oidc.params?.client_id;
  if (error !== 'invalid_client' || typeof id !== 'string' || !id.startsWith('https://')) return undefined;
  return (
    `The client is known by its document ${id}, which could not be read from here. Without a way to it, turn documents off ` +
    '(npm start -- --cimd off, or cimd: off in the configuration); clients then register themselves.'
  );
}
