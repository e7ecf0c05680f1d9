import { generateKeyPairSync } from 'node:crypto';
import type { Grant } from '@mcp-obo/grant';
import { generic } from '@mcp-obo/idp-profile';
import { createValidator } from '@mcp-obo/validator';
import type { ExchangeEvent } from '../src/events.ts';
import {
  createAnswerValidator,
  createExchangeEngine,
  createMint,
  createMintKeyRing,
  createUpstream,
  type EngineOptions,
  fetchWithOwnKeys,
  mintKey,
  type Policy,
  type Target,
} from '../src/index.ts';
import { createFakeIdp } from './fake-idp.ts';
import { acme, noon, resource, secretOf } from './setup.ts';

export const brokerAt = 'https://broker.example/acme';
const jwksUri = 'https://broker.example/jwks';

export const newKey = (type: 'ec' | 'ed25519' = 'ec') =>
  mintKey(
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      : generateKeyPairSync('ed25519').privateKey,
  );

const target = (name: string, audience: string, scopes: readonly string[]): Target => ({
  name,
  audience,
  kind: 'jwt',
  scopes,
  machineScopes: name === 'ledger' ? ['ledger.total'] : [],
});

export const mcpScopes = [
  'mcp:tools',
  'mcp:tools:execute',
  'mcp:tools:read',
  'expenses:read',
  'expenses:write',
];

/** APIs that trust the broker, the MCP server itself for its orchestrators, and one that is the issuer's. */
const targets = {
  ledger: target('ledger', 'api://ledger', ['ledger.read', 'ledger.write']),
  archive: target('archive', 'api://archive', ['archive.read']),
  'mcp-server': target('mcp-server', resource, mcpScopes),
  'expenses-api': target('expenses-api', 'api://expenses', ['api:expenses.read']),
};

const allow = (client: string, name: string, scopes: readonly string[], over: object = {}) => ({
  clients: [client],
  target: name,
  tenants: ['acme'],
  scopes,
  ...over,
});

const policy: Policy = {
  version: '1',
  rules: [
    allow('mcp-server', 'ledger', ['ledger.read'], { subjectScopes: ['expenses:read'] }),
    allow('mcp-server', 'ledger', ['ledger.write'], { subjectScopes: ['expenses:write'] }),
    allow('mcp-server', 'expenses-api', ['api:expenses.read']),
    allow('ledger', 'archive', ['archive.read'], { subjectScopes: ['ledger.read'] }),
    allow('ledger', 'expenses-api', ['api:expenses.read']),
    allow('orchestrator', 'mcp-server', mcpScopes),
    allow('mcp-server', 'ledger', ['ledger.total'], { machine: true }),
  ],
};

/** An engine that mints for users of acme, and the resource servers that take its tokens. */
export function createMintBench(
  over: { keys?: [ReturnType<typeof newKey>]; engine?: Partial<EngineOptions> } = {},
) {
  const time = { now: noon };
  const now = () => time.now * 1000;
  const idp = createFakeIdp({ issuer: acme, now });
  const ring = createMintKeyRing({ keys: over.keys ?? [newKey()], now });
  let randoms = 0;
  const mint = createMint({
    issuer: brokerAt,
    tenant: 'acme',
    targets: ['ledger', 'archive', 'mcp-server'],
    subjectIssuers: [acme],
    keys: ring,
    jwksUri,
    now,
    random: () => `random-${++randoms}`,
  });
  const upstream = createUpstream({
    issuer: acme,
    tenant: 'acme',
    profile: generic,
    tokenEndpoint: idp.tokenEndpoint,
    jwksUri: `${acme}/jwks`,
    credentials: secretOf,
    fetch: idp.fetch,
    now,
    random: () => `random-${++randoms}`,
  });
  const upstreams = [upstream, mint];
  const events: ExchangeEvent[] = [];
  const engine = createExchangeEngine({
    targets,
    upstreams,
    policy,
    answers: createAnswerValidator({ upstreams, targets, fetch: idp.fetch, now }),
    now,
    onEvent: (event) => events.push(event),
    ...over.engine,
  });
  const fetch = fetchWithOwnKeys(idp.fetch, upstreams);
  /** A resource server that trusts the identity provider and the broker. */
  const validator = createValidator({
    issuers: [
      { issuer: acme, tenant: 'acme', profile: 'generic', audiences: [resource], jwksUri: `${acme}/jwks` },
      {
        issuer: brokerAt,
        tenant: 'acme',
        profile: 'broker',
        audiences: ['api://ledger', 'api://archive', resource],
        vouchesFor: [acme],
        jwksUri,
      },
    ],
    fetch,
    now,
  });
  const validate = (token: string): Promise<Grant> =>
    validator.validate({ scheme: 'Bearer', token, method: 'GET', url: 'https://api.example' });

  async function subject(claims: Readonly<Record<string, unknown>> = {}) {
    const subjectToken = await idp.issuer.mint({
      sub: 'user-alice',
      aud: resource,
      client_id: 'orchestrator-at-acme',
      scope: 'mcp:tools expenses:read',
      exp: time.now + 600,
      ...claims,
    });
    return { grant: await validate(subjectToken), subjectToken };
  }

  /** Exchanges, and reads what came back as the target would. */
  async function exchange(
    from: { grant: Grant; subjectToken: string },
    request: {
      client: string;
      target: string;
      scopes: readonly string[];
      actor?: { grant: Grant; token: string };
    },
  ) {
    const issued = await engine.exchange({ ...from, ...request });
    return { issued, grant: await validate(issued.accessToken), subjectToken: issued.accessToken };
  }

  return { time, idp, ring, engine, events, subject, exchange, validate };
}
