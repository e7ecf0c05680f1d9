import { randomUUID } from 'node:crypto';
import {
  createAnswerValidator,
  createExchangeEngine,
  createMemoryCache,
  createUpstream,
  type EngineRequest,
  type EvictedToken,
  type ExchangeEngine,
  type Policy,
  type Target,
  type UpstreamCredential,
} from '@mcp-obo/exchange';
import { type IdpName, idpProfile } from '@mcp-obo/idp-profile';
import { createValidator, type IssuerConfig } from '@mcp-obo/validator';

/** The caller in every test, and its tenant. */
const client = 'mcp-server';
const tenant = 'acme';

/** One identity provider as the engine is configured for it. */
export interface EngineBenchOptions {
  readonly profile: IdpName;
  readonly issuer: string;
  readonly answerIssuers?: readonly string[];
  readonly tokenEndpoint: string;
  /** Found by discovery when absent. */
  readonly jwksUri?: string;
  readonly credential: UpstreamCredential;
  readonly target: Target;
  /** What the client may have for users; everything the target has by default. */
  readonly ceiling?: readonly string[];
  /** How this server validates subject tokens. */
  readonly subjects: readonly Omit<IssuerConfig, 'tenant' | 'profile'>[];
}

export interface EngineBench {
  readonly engine: ExchangeEngine;
  /** Validates the subject token and exchanges it, as a server does. */
  readonly exchange: (
    subjectToken: string,
    scopes: readonly string[],
    over?: Partial<EngineRequest>,
  ) => ReturnType<ExchangeEngine['exchange']>;
  /** Ends all of the user of the last exchange, at the issuer as well where it can; says how many tokens that were. */
  readonly revoke: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** The engine of `@mcp-obo/exchange` over one identity provider: real validation, real requests. */
export function createEngineBench(options: EngineBenchOptions): EngineBench {
  const { target, credential, profile: name, ceiling = target.scopes, ...rest } = options;
  const profile = idpProfile(name);
  const shared = { fetch, now: Date.now };
  const upstream = createUpstream({
    ...rest,
    ...shared,
    tenant,
    profile,
    credentials: { [client]: credential },
    random: randomUUID,
  });
  const targets = { [target.name]: target };
  const answers = createAnswerValidator({ ...shared, upstreams: [upstream], targets });
  let user = '';
  const engine = createExchangeEngine({
    targets,
    upstreams: [upstream],
    policy: policyFor(target, ceiling),
    cache: createMemoryCache({ now: Date.now }),
    answers,
    now: Date.now,
    onObtained: ({ tags }) => {
      user = tags.at(-1) ?? '';
    },
  });
  const subjects = createValidator({
    issuers: options.subjects.map((each) => ({ ...each, tenant, profile })),
    fetch,
  });
  return {
    engine,
    async exchange(subjectToken, scopes, over = {}) {
      const credential = { scheme: 'Bearer', token: subjectToken, method: 'POST', url: '' } as const;
      const grant = await subjects.validate(credential);
      return await engine.exchange({ client, grant, subjectToken, target: target.name, scopes, ...over });
    },
    async revoke() {
      const evicted: EvictedToken[] = [];
      await engine.evictByTag(user, (token) => void evicted.push(token));
      const deadline = Date.now() + 5000;
      await Promise.all(evicted.map(({ accessToken }) => upstream.revoke?.(client, accessToken, deadline)));
      return evicted.length;
    },
    async close() {
      await engine.close();
      answers.close();
      subjects.close();
    },
  };
}

function policyFor(target: Target, ceiling: readonly string[]): Policy {
  const rule = { clients: [client], target: target.name, tenants: [tenant] };
  const machine = target.machineScopes ?? [];
  return {
    version: '1',
    rules: [
      { ...rule, scopes: ceiling },
      ...(machine.length > 0 ? [{ ...rule, scopes: machine, machine: true }] : []),
    ],
  };
}
