import {
  createMint,
  createMintKeyRing,
  type MintKeyRing,
  type MintKeySettings,
  type Upstream,
} from '@mcp-obo/exchange';
import type { IssuerConfig as ValidatedIssuer } from '@mcp-obo/validator';
import type { BrokerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';
import type { Endpoints } from './endpoints.ts';

/** The keys of the configuration, over all its changes. */
export function createMintKeys(config: Pick<BrokerConfig, 'mint'>, { now }: Pick<BrokerDeps, 'now'>) {
  const ring = createMintKeyRing({ ...keysOf(config), now });
  return { ...ring, take: (changed: Pick<BrokerConfig, 'mint'>) => ring.replace(keysOf(changed)) };
}

function keysOf({ mint }: Pick<BrokerConfig, 'mint'>): MintKeySettings {
  return mint === undefined ? { keys: [] } : { keys: mint.keys, leadSeconds: mint.publish_seconds };
}

/** One upstream for each tenant, where the broker mints: an issuer of its own, so that no tenant speaks for another. */
export function createMints(
  config: BrokerConfig,
  { now, random }: Pick<BrokerDeps, 'now' | 'random'>,
  { endpoints, mintKeys }: { readonly endpoints: Endpoints; readonly mintKeys: MintKeyRing },
): readonly Upstream[] {
  const { mint, targets } = config;
  if (mint === undefined) return [];
  const minted = targets.filter(({ upstream }) => upstream === 'mint').map(({ name }) => name);
  return endpoints.tenants.map(({ tenant, minted: issuer }) =>
    createMint({
      issuer,
      tenant,
      targets: minted,
      subjectIssuers: issuersOf(config, tenant),
      keys: mintKeys,
      jwksUri: endpoints.jwks,
      lifetime: mint.lifetime_seconds,
      now,
      random,
    }),
  );
}

/** The broker's own tokens as subject tokens: of a second hop, or of an orchestrator. */
export function mintedSubjects(
  config: BrokerConfig,
  endpoints: Endpoints,
  audiences: readonly string[],
): readonly ValidatedIssuer[] {
  if (config.mint === undefined) return [];
  return endpoints.tenants.map(({ tenant, minted: issuer }) => ({
    issuer,
    tenant,
    profile: 'broker',
    audiences,
    vouchesFor: issuersOf(config, tenant),
    jwksUri: endpoints.jwks,
  }));
}

function issuersOf({ issuers }: BrokerConfig, tenant: string): readonly string[] {
  return issuers.filter((entry) => entry.tenant === tenant).map(({ issuer }) => issuer);
}
