import { createGuardedFetch } from '@mcp-obo/metadata';
import { createIntrospector, type Introspector } from './introspection.ts';
import { parseIssuers, type TrustedIssuer } from './issuer-config.ts';
import type { Fetch } from './key-fetch.ts';
import { createKeySource, type KeySource } from './key-source.ts';
import type { ValidatorEvent } from './validator-event.ts';
import type { ValidatorOptions } from './validator-options.ts';

/** A trusted issuer with the keys that are its own. */
export interface IssuerKeys {
  readonly config: TrustedIssuer;
  readonly keys: KeySource;
  /** Present where it is asked about tokens. */
  readonly introspector?: Introspector;
}

/**
 * The trusted issuers by exact `iss`, each with a key source that no other issuer can reach.
 *
 * @throws TypeError that names every wrong option.
 */
export function createIssuerKeys(
  options: ValidatorOptions,
  now: () => number,
  emit: (event: ValidatorEvent) => void,
): { readonly issuers: ReadonlyMap<string, IssuerKeys>; readonly close: () => void } {
  const { ttl = 300, cooldown = 30, maxStale = 86_400, timeout = 5 } = options.jwks ?? {};
  const times = { ttl: ttl * 1000, cooldown: cooldown * 1000, maxStale: maxStale * 1000 };
  const { fetch, closeFetch } = fetchOf(options, timeout * 1000);
  const issuers = new Map(
    parseIssuers(options.issuers).map((config): [string, IssuerKeys] => {
      const { issuer, jwksUri, algorithms } = config;
      const source = { issuer, jwksUri, algorithms, fetch, timeout: timeout * 1000, times, now, emit };
      const keys = createKeySource(source);
      if (config.introspection === undefined) return [issuer, { config, keys }];
      const introspector = createIntrospector({
        ...source,
        config: config.introspection,
        maxEntries: 10_000,
      });
      return [issuer, { config, keys, introspector }];
    }),
  );
  return {
    issuers,
    close() {
      for (const { keys, introspector } of issuers.values()) {
        keys.close();
        introspector?.close();
      }
      closeFetch();
    },
  };
}

function fetchOf({ fetch }: ValidatorOptions, timeoutMs: number): { fetch: Fetch; closeFetch: () => void } {
  if (fetch !== undefined) return { fetch, closeFetch: () => undefined };
  const guarded = createGuardedFetch({ timeoutMs });
  return { fetch: guarded, closeFetch: () => void guarded.close() };
}
