import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError, secretFrom } from '@mcp-obo/config';
import {
  createBrokerClient,
  createLocalExchange,
  type OnExchangeEvent,
  type TokenExchange,
  type UpstreamCredential,
} from '@mcp-obo/exchange';
import { authoritiesFrom } from '@mcp-obo/service/tls';
import type { Config } from './config.ts';
import { interactionUrl } from './guard-options.ts';

export interface ExchangeDependencies {
  readonly now: () => number;
  /** Events of an exchange in this process; the broker has its own. */
  readonly onEvent?: OnExchangeEvent;
}

/** Through the broker when its token endpoint is configured, else in this process with the own registration. */
export function openExchange(config: Config, { now, onEvent }: ExchangeDependencies): TokenExchange {
  const { exchange, downstream } = config;
  const timeoutMs = exchange.timeout_seconds * 1000;
  const credential = credentialOf(exchange);
  const tls = tlsOf(exchange);
  if (exchange.token_endpoint !== undefined) {
    return createBrokerClient({
      tokenEndpoint: exchange.token_endpoint,
      issuer: exchange.issuer,
      credential,
      timeoutMs,
      network: { tls },
      now,
    });
  }
  const { target, audience } = downstream;
  const interactions = interactionUrl(config);
  return createLocalExchange({
    issuers: config.issuers.map((issuer) => ({
      issuer: issuer.issuer,
      tenant: issuer.tenant,
      profile: issuer.profile,
      audiences: issuer.audiences,
      companions: issuer.companions,
      jwksUri: issuer.jwks_uri,
      credential,
    })),
    targets: [{ name: target, audience, kind: 'jwt', scopes: userScopes, machineScopes }],
    policy: [
      { target, scopes: userScopes },
      { target, scopes: machineScopes, machine: true },
    ],
    ...(interactions !== undefined && { redirectUris: [`${interactions}/callback`] }),
    network: { tls },
    onEvent,
    now,
  });
}

/** Every scope the tools of this server ask for. */
const userScopes = ['api:expenses.read', 'api:expenses.write', 'api:expenses.approve', 'api:expenses.admin'];
const machineScopes = ['api:expenses.totals'];

function credentialOf({
  client_id: clientId,
  client_secret,
  private_key,
  key_id,
  assertion_file: file,
  assertion_type: assertionType,
  certificate,
}: Config['exchange']): UpstreamCredential {
  if (certificate !== undefined) return { kind: 'tls_client_auth', clientId };
  if (file !== undefined) {
    const assertion = async () => (await readFile(file, 'utf8')).trim();
    return { kind: 'federated', clientId, assertion, assertionType };
  }
  if (private_key !== undefined) {
    const pem = secretFrom(private_key, 'exchange.private_key (OBO_PRIVATE_KEY_FILE)');
    return { kind: 'private_key_jwt', clientId, key: privateKey(pem), kid: key_id };
  }
  const clientSecret = secretFrom(client_secret ?? {}, 'exchange.client_secret (OBO_CLIENT_SECRET_FILE)');
  return { kind: 'client_secret_basic', clientId, clientSecret };
}

/** What the connection to broker or issuers shows and trusts. */
function tlsOf({ ca, certificate, certificate_key: key }: Config['exchange']) {
  return {
    ...(ca !== undefined && { ca: authoritiesFrom(ca, 'exchange.ca') }),
    ...(certificate !== undefined && { cert: secretFrom(certificate, 'exchange.certificate') }),
    ...(key !== undefined && { key: secretFrom(key, 'exchange.certificate_key') }),
  };
}

function privateKey(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new ConfigError([
      {
        setting: 'exchange.private_key (OBO_PRIVATE_KEY_FILE)',
        problem: 'must hold a private key as PEM (PKCS #8)',
      },
    ]);
  }
}
