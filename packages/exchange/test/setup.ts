import type { Grant } from '@mcp-obo/grant';
import { generic, type IdpProfile } from '@mcp-obo/idp-profile';
import type { MintOptions } from '@mcp-obo/testbed/issuer';
import { createValidator } from '@mcp-obo/validator';
import type { ExchangeEvent } from '../src/events.ts';
import {
  type Cache,
  createAnswerValidator,
  createExchangeEngine,
  createMemoryCache,
  createUpstream,
  type EngineOptions,
  type Target,
  type UpstreamCredential,
} from '../src/index.ts';
import { createFakeIdp, type FakeIdp } from './fake-idp.ts';

export const resource = 'https://mcp.example/mcp';
export const acme = 'https://idp.example/acme';
export const globex = 'https://idp.example/globex';

/** Saturday 21 November 2026, 12:00:00 UTC. */
export const noon = 1_795_262_400;

export const expenses: Target = {
  name: 'expenses-api',
  audience: 'api://expenses',
  kind: 'jwt',
  scopes: ['api:expenses.read', 'api:expenses.write', 'api:expenses.approve'],
  machineScopes: ['api:expenses.totals'],
};

export const policy: EngineOptions['policy'] = {
  version: '1',
  rules: [
    rule({ subjectScopes: ['expenses:read'], scopes: ['api:expenses.read'] }),
    rule({ subjectScopes: ['expenses:write'], scopes: ['api:expenses.write'] }),
    rule({ tenants: ['acme'], machine: true, scopes: ['api:expenses.totals'] }),
  ],
};

function rule(over: Partial<EngineOptions['policy']['rules'][number]>) {
  return {
    clients: ['mcp-server'],
    target: 'expenses-api',
    tenants: ['acme', 'globex'],
    scopes: [],
    ...over,
  };
}

export const secretOf: Readonly<Record<string, UpstreamCredential>> = {
  'mcp-server': { kind: 'client_secret_post', clientId: resource, clientSecret: 'secret-of-mcp-server' },
};

export interface Bench {
  readonly acme: FakeIdp;
  readonly globex: FakeIdp;
  readonly engine: ReturnType<typeof createExchangeEngine>;
  readonly cache: Cache;
  readonly events: ExchangeEvent[];
  /** Seconds since the epoch. */
  readonly time: { now: number };
  /** A subject token with its grant, as the broker hands them to the engine. */
  readonly subject: (
    claims?: Readonly<Record<string, unknown>>,
    idp?: FakeIdp,
    options?: MintOptions,
  ) => Promise<{ grant: Grant; subjectToken: string }>;
}

export interface BenchOptions {
  readonly profile?: IdpProfile;
  readonly targets?: Readonly<Record<string, Target>>;
  readonly policy?: EngineOptions['policy'];
  readonly credentials?: Readonly<Record<string, UpstreamCredential>>;
  readonly cache?: (now: () => number) => Cache;
  readonly memoryBytes?: number;
  readonly negativeSeconds?: number;
  readonly maxActorDepth?: number;
  readonly revocations?: EngineOptions['revocations'];
  readonly onObtained?: EngineOptions['onObtained'];
  /** Another issuer for the tenant acme. */
  readonly acme?: string;
}

/** An engine over two identity providers of two tenants, all real but the token endpoints' answers. */
export function createBench(options: BenchOptions = {}): Bench {
  const time = { now: noon };
  const now = () => time.now * 1000;
  const idps = [
    createFakeIdp({ issuer: options.acme ?? acme, now }),
    createFakeIdp({ issuer: globex, now }),
  ] as const;
  const [acmeIdp, globexIdp] = idps;
  const fetch = (url: string | URL, init?: RequestInit) =>
    (String(url).startsWith(globex) ? globexIdp : acmeIdp).fetch(url, init);
  let randoms = 0;
  const profile = options.profile ?? generic;
  const upstreams = idps.map(({ issuer, tokenEndpoint }, index) =>
    createUpstream({
      issuer: issuer.issuer,
      tenant: ['acme', 'globex'][index] ?? '',
      profile,
      tokenEndpoint,
      jwksUri: `${issuer.issuer}/jwks`,
      credentials: options.credentials ?? secretOf,
      fetch,
      timeoutMs: 200,
      now,
      random: () => `random-${++randoms}`,
    }),
  );
  const targets = options.targets ?? { 'expenses-api': expenses };
  const cache = options.cache?.(now) ?? createMemoryCache({ now });
  const events: ExchangeEvent[] = [];
  const engine = createExchangeEngine({
    targets,
    upstreams,
    policy: options.policy ?? policy,
    cache,
    answers: createAnswerValidator({ upstreams, targets, fetch, now }),
    now,
    onEvent: (event) => events.push(event),
    revocations: options.revocations,
    onObtained: options.onObtained,
    ...(options.memoryBytes === undefined ? {} : { memoryBytes: options.memoryBytes }),
    ...(options.negativeSeconds === undefined ? {} : { negativeSeconds: options.negativeSeconds }),
    ...(options.maxActorDepth === undefined ? {} : { maxActorDepth: options.maxActorDepth }),
  });
  const subjects = createValidator({
    issuers: idps.map(({ issuer }, index) => ({
      issuer: issuer.issuer,
      tenant: ['acme', 'globex'][index] ?? '',
      profile,
      audiences: [resource],
      jwksUri: `${issuer.issuer}/jwks`,
    })),
    fetch,
    now,
  });
  return {
    acme: acmeIdp,
    globex: globexIdp,
    engine,
    cache,
    events,
    time,
    async subject(claims = {}, idp = acmeIdp, options = {}) {
      const subjectToken = await idp.issuer.mint({ sub: 'user-alice', aud: resource, ...claims }, options);
      const grant = await subjects.validate({
        scheme: 'Bearer',
        token: subjectToken,
        method: 'POST',
        url: resource,
      });
      return { grant, subjectToken };
    },
  };
}

/** A request for `api:expenses.read` by `mcp-server`, over a subject. */
export function request(
  subject: { grant: Grant; subjectToken: string },
  over: Partial<Parameters<Bench['engine']['exchange']>[0]> = {},
): Parameters<Bench['engine']['exchange']>[0] {
  return {
    client: 'mcp-server',
    target: 'expenses-api',
    scopes: ['api:expenses.read'],
    ...subject,
    ...over,
  };
}
