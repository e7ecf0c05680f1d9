import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigError } from '@mcp-obo/config';
import type Provider from 'oidc-provider';
import { createAccounts } from './accounts.ts';
import { registerClientCredentials } from './client-credentials.ts';
import type { DocumentMode } from './client-documents.ts';
import type { TenantConfig } from './config.ts';
import { createConsents } from './consents.ts';
import { withDefaultScope } from './default-scope.ts';
import { createFaults, type Faults } from './faults.ts';
import { createInteractions } from './interaction/interaction.ts';
import { createIssuedTokens } from './issued-tokens.ts';
import { createKeyRing, type KeyRing } from './keys.ts';
import type { Log } from './log.ts';
import { buildProvider } from './provider.ts';
import { logProviderEvents } from './provider-events.ts';
import { createResources } from './resources.ts';
import { withOpenidForStepUp } from './step-up.ts';
import { createStorage } from './storage.ts';
import { registerTokenExchange } from './token-exchange.ts';

/** One issuer with its users, clients, keys and memory. */
export interface Tenant {
  readonly name: string;
  readonly issuer: string;
  readonly faults: Faults;
  /** `request.url` has the path of the issuer cut off already. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  rotateKeys(options: { readonly retire: boolean }): ReturnType<KeyRing['rotate']>;
}

export interface TenantDeps {
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  readonly log: Log;
  readonly modulusLength: number;
  readonly documents: DocumentMode;
  /** Identifiers of resources whose tokens are no JWTs. */
  readonly opaqueResources: readonly string[];
}

/** Throws a `ConfigError` for client metadata that the provider does not take. */
export async function createTenant(origin: string, tenant: TenantConfig, deps: TenantDeps): Promise<Tenant> {
  const issuer = `${origin}/${tenant.name}`;
  const state = {
    issuer,
    tenant,
    storage: createStorage(deps.now),
    keys: await createKeyRing(deps.modulusLength),
    accounts: createAccounts(tenant.users),
    consents: createConsents(),
    resources: createResources(tenant, deps.opaqueResources),
    issued: createIssuedTokens(deps.now),
    decided: new WeakMap<object, Record<string, unknown>>(),
    faults: createFaults(),
    cookieKey: deps.random(32).toString('base64url'),
    fetch: deps.fetch,
    documents: deps.documents,
  };
  // The library takes its keys once, so new keys mean a new provider over the same memory.
  const build = (): Provider => {
    const provider = buildProvider(state);
    registerTokenExchange({ ...state, provider });
    registerClientCredentials({ ...state, provider });
    provider.on('access_token.issued', (token) => state.issued.add(token));
    logProviderEvents(provider, deps.log);
    return provider;
  };
  let provider = build();
  let callback = provider.callback();
  await checkClients(provider, tenant);
  const interact = createInteractions({
    ...state,
    tenant: tenant.name,
    provider: () => provider,
    log: deps.log,
  });

  return {
    name: tenant.name,
    issuer,
    faults: state.faults,
    async handle(request, response) {
      const url = new URL(request.url ?? '/', origin);
      if (url.pathname.startsWith('/interaction/')) return interact(request, response);
      if (url.pathname === '/auth') {
        const { pathname, search } = withOpenidForStepUp(withDefaultScope(url, state.resources));
        request.url = pathname + search;
      }
      await callback(request, response);
    },
    async rotateKeys(options) {
      const rotated = await state.keys.rotate(options);
      provider = build();
      callback = provider.callback();
      return rotated;
    },
  };
}

async function checkClients(provider: Provider, tenant: TenantConfig): Promise<void> {
  for (const { client_id: id } of tenant.clients) {
    await provider.Client.find(id).catch((cause: Error & { error_description?: string }) => {
      const setting = `tenants, ${tenant.name}, client ${id}`;
      throw new ConfigError([{ setting, problem: cause.error_description ?? cause.message }]);
    });
  }
}
