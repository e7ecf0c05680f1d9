import { readFile } from 'node:fs/promises';
import {
  type BreakerState,
  createIdJag,
  createUpstream,
  type Upstream,
  type UpstreamCredential,
} from '@mcp-obo/exchange';
import { idpProfile } from '@mcp-obo/idp-profile';
import type { z } from 'zod';
import type { registrationSetting } from './config/credentials.ts';
import type { BrokerConfig, ClientConfig, IssuerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';

/**
 * One upstream for each issuer, with the registrations that the clients have there. An issuer that is another's
 * answer issuer and where no client is registered has none: its tokens are exchanged at that other (Entra v1.0).
 */
export function createUpstreams(
  config: BrokerConfig,
  deps: BrokerDeps,
  onBreaker: OnBreaker,
): readonly Upstream[] {
  return config.issuers.filter(hasUpstream(config)).map((entry) =>
    createUpstream({
      ...partyOf(entry, config, onBreaker),
      ...network(config, deps),
      tenant: entry.tenant,
      answerIssuers: entry.answer_issuers,
    }),
  );
}

/** One upstream for each issuer and each authorization server of another domain that its users are asserted to. */
export function createIdJags(
  config: BrokerConfig,
  deps: BrokerDeps,
  onBreaker: OnBreaker,
): readonly Upstream[] {
  return config.authorization_servers.flatMap((server) => {
    const targets = config.targets.filter(({ authorization_server: one }) => one === server.issuer);
    return config.issuers.map((entry) =>
      createIdJag({
        ...network(config, deps),
        tenant: entry.tenant,
        targets: targets.map(({ name }) => name),
        identityProvider: partyOf(entry, config, onBreaker),
        authorizationServer: partyOf(server, config, onBreaker),
      }),
    );
  });
}

type Registration = z.output<ReturnType<typeof registrationSetting>>;

type OnBreaker = (issuer: string, state: BreakerState) => void;

/** How issuers are reached. */
export function network({ network }: BrokerConfig, { fetch, now, random }: BrokerDeps) {
  return { fetch, now, random, timeoutMs: network.timeout_seconds * 1000 };
}

/** An authorization server with the registrations of our clients there. */
function partyOf(
  entry: IssuerConfig | BrokerConfig['authorization_servers'][number],
  { clients, network }: BrokerConfig,
  onBreaker: OnBreaker,
) {
  return {
    issuer: entry.issuer,
    profile: idpProfile(entry.profile),
    credentials: credentialsAt(entry.issuer, clients),
    guard: {
      retries: network.retries,
      concurrency: network.concurrency,
      queue: network.queue,
      openMs: network.rest_seconds * 1000,
      onState: (state: BreakerState) => onBreaker(entry.issuer, state),
    },
    ...(entry.token_endpoint === undefined ? {} : { tokenEndpoint: entry.token_endpoint }),
    ...(entry.jwks_uri === undefined ? {} : { jwksUri: entry.jwks_uri }),
  };
}

function hasUpstream({ issuers, clients }: BrokerConfig) {
  const registered = new Set(clients.flatMap(({ upstream }) => upstream.map(({ issuer }) => issuer)));
  return ({ issuer }: IssuerConfig): boolean =>
    registered.has(issuer) ||
    !issuers.some((other) => other.issuer !== issuer && other.answer_issuers.includes(issuer));
}

/** What each client shows one issuer. */
export function credentialsAt(
  issuer: string,
  clients: readonly ClientConfig[],
): Record<string, UpstreamCredential> {
  return Object.fromEntries(
    clients.flatMap(({ id, upstream }) =>
      upstream.filter((entry) => entry.issuer === issuer).map((entry) => [id, credentialOf(entry)]),
    ),
  );
}

/** A registration of ours as an upstream knows it. */
export function credentialOf(entry: Registration): UpstreamCredential {
  const clientId = entry.client_id;
  switch (entry.method) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return { kind: entry.method, clientId, clientSecret: entry.secret };
    case 'private_key_jwt':
      return {
        kind: entry.method,
        clientId,
        key: entry.key,
        ...(entry.kid === undefined ? {} : { kid: entry.kid }),
        ...(entry.alg === undefined ? {} : { alg: entry.alg }),
        ...(entry.certificate === undefined ? {} : { x5tS256: entry.certificate }),
      };
    case 'federated_assertion':
      return {
        kind: 'federated',
        clientId,
        assertion: async () => (await readFile(entry.assertion_file, 'utf8')).trim(),
      };
  }
}
