import { createPrivateKey } from 'node:crypto';
import { ConfigError, secretFrom } from '@mcp-obo/config';
import { createBrokerClient, type UpstreamCredential } from '@mcp-obo/exchange';
import type { Fetch } from '@mcp-obo/validator';
import type { Config } from '../config.ts';
import { type Archive, createArchive } from './archive.ts';

type Settings = NonNullable<Config['archive']>;

/** The archive of the configuration, with this API's own registration at the broker. */
export function openArchive(
  settings: Settings,
  { fetch, now }: { readonly fetch: Fetch; readonly now: () => number },
): { readonly archive: Archive; readonly close: () => Promise<void> } {
  const { url, target, token_endpoint: tokenEndpoint, issuer } = settings;
  const exchange = createBrokerClient({
    tokenEndpoint,
    ...(issuer === undefined ? {} : { issuer }),
    credential: credentialOf(settings),
    now,
  });
  return { archive: createArchive({ url, target, exchange, fetch }), close: exchange.close };
}

function credentialOf({ client_id: clientId, client_secret, private_key }: Settings): UpstreamCredential {
  if (private_key === undefined) {
    const clientSecret = secretFrom(client_secret ?? {}, 'archive.client_secret');
    return { kind: 'client_secret_basic', clientId, clientSecret };
  }
  const pem = secretFrom(private_key, 'archive.private_key');
  try {
    return { kind: 'private_key_jwt', clientId, key: createPrivateKey(pem) };
  } catch {
    throw new ConfigError([
      { setting: 'archive.private_key', problem: 'must hold a private key as PEM (PKCS #8)' },
    ]);
  }
}
