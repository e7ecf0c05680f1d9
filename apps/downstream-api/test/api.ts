import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuditLog } from '@mcp-obo/audit';
import { createLogger, createPlatformMetrics } from '@mcp-obo/telemetry';
import { createTestIssuer, type TestIssuer } from '@mcp-obo/testbed/issuer';
import { type AppDependencies, buildApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { readPeople } from '../src/people.ts';
import { openDatabase } from '../src/store/database.ts';
import { seedExpenses } from '../src/store/example-expenses.ts';
import { replacePeople } from '../src/store/people-store.ts';

export const mcp = 'https://mcp.example/mcp';
export const audience = 'api://expenses';
export const resource = 'https://api.example';
export const issuers = {
  acme: 'https://idp.example/acme',
  globex: 'https://idp.example/globex',
  entra: 'https://login.example/tid-1/v2.0',
} as const;
export type Tenant = keyof typeof issuers;

const start = Date.parse('2026-11-20T10:00:00Z');

const people = [
  { issuer: issuers.acme, user_key: 'u-alice', username: 'alice', role: 'employee', manager: 'maria' },
  { issuer: issuers.acme, user_key: 'u-bob', username: 'bob', role: 'employee', manager: 'maria' },
  { issuer: issuers.acme, user_key: 'u-maria', username: 'maria', role: 'manager' },
  { issuer: issuers.acme, user_key: 'u-frank', username: 'frank', role: 'finance' },
  { issuer: issuers.acme, user_key: 'u-audrey', username: 'audrey', role: 'auditor' },
  { issuer: issuers.globex, user_key: 'u-gina', username: 'gina', role: 'employee' },
  { issuer: issuers.globex, user_key: 'u-gus', username: 'gus', role: 'finance' },
  // Names mean nothing outside their tenant: this is another Maria, and another Frank in her team.
  { issuer: issuers.globex, user_key: 'u-maria', username: 'maria', role: 'manager' },
  { issuer: issuers.globex, user_key: 'u-frank', username: 'frank', role: 'employee', manager: 'maria' },
  // The same person as in the first line, at a second issuer of the tenant.
  {
    issuer: issuers.entra,
    user_key: 'tid-1.oid-alice',
    username: 'alice',
    role: 'employee',
    manager: 'maria',
  },
];

/** The API over a database in memory, with its issuers, a clock that stands still, and all that it writes. */
export async function startApi(over: Pick<AppDependencies, 'archive'> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'downstream-api-'));
  const peopleFile = join(folder, 'people.yaml');
  writeFileSync(peopleFile, JSON.stringify(people));
  const config = readConfig({
    env: {},
    file: 'api.yaml',
    readText: () =>
      JSON.stringify({
        resource,
        people_file: peopleFile,
        issuers: [
          { tenant: 'acme', issuer: issuers.acme, jwks_uri: `${issuers.acme}/jwks` },
          { tenant: 'globex', issuer: issuers.globex, jwks_uri: `${issuers.globex}/jwks` },
          { tenant: 'acme', issuer: issuers.entra, profile: 'entra', jwks_uri: `${issuers.entra}/jwks` },
        ],
      }),
  });
  const now = () => start;
  const testIssuers = Object.fromEntries(
    Object.entries(issuers).map(([name, issuer]) => [name, createTestIssuer({ issuer, now, alg: 'ES256' })]),
  ) as Record<Tenant, TestIssuer>;
  const database = openDatabase(':memory:');
  const tenants = new Map(config.issuers.map(({ issuer, tenant }) => [issuer, tenant]));
  replacePeople(
    database,
    readPeople(peopleFile, (issuer) => tenants.get(issuer)),
  );
  seedExpenses(database);
  const lines: string[] = [];
  const records: Record<string, unknown>[] = [];
  let writeRecord = (line: string) => void records.push(JSON.parse(line) as Record<string, unknown>);
  let ids = 0;
  const app = await buildApp(config, {
    database,
    fetch: async (url) => {
      const served = Object.values(testIssuers).find(({ issuer }) => String(url).startsWith(`${issuer}/`));
      if (served === undefined) throw new Error(`unexpected request for ${url}`);
      return served.fetch(url);
    },
    now,
    newId: () => `new-${++ids}`,
    log: createLogger({
      name: 'test',
      level: 'debug',
      destination: { write: (line: string) => void lines.push(line) },
    }),
    audit: createAuditLog({ write: (line) => writeRecord(line), now, service: 'downstream-api' }),
    metrics: createPlatformMetrics(),
    ...over,
  });

  /** A token as the exchange issues one: for this API, the user's, with the MCP server acting. */
  const token = (
    user: string,
    scope: string,
    claims: Record<string, unknown> = {},
    tenant: Tenant = 'acme',
  ) =>
    testIssuers[tenant].mint({
      aud: audience,
      sub: user,
      client_id: mcp,
      act: { sub: mcp },
      scope,
      ...claims,
    });
  const machineToken = (scope: string, tenant: Tenant = 'acme') =>
    testIssuers[tenant].mint({ aud: audience, sub: mcp, client_id: mcp, scope });

  const call = async (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    bearer?: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await app.inject({
      method,
      url,
      headers: { ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }), ...headers },
      ...(body === undefined ? {} : { payload: body as object }),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      body: response.json() as Answer,
    };
  };

  return {
    app,
    database,
    issuers: testIssuers,
    lines,
    records,
    token,
    machineToken,
    call,
    failAudit(error: Error) {
      writeRecord = () => {
        throw error;
      };
    },
    async close() {
      await app.close();
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Members of the answers; absent ones read as `undefined`. */
export interface Answer {
  readonly expenses: readonly { readonly id: string; readonly owner: string; readonly status: string }[];
  readonly expense: Readonly<Record<string, unknown>>;
  readonly totals: readonly Readonly<Record<string, unknown>>[];
  readonly seen: Readonly<Record<string, unknown>>;
  readonly code: string;
  readonly detail: string;
  readonly title: string;
  readonly status: number;
}

export type Api = Awaited<ReturnType<typeof startApi>>;

/** The ids in an answer, sorted. */
export function idsOf(body: Answer): string[] {
  return body.expenses.map(({ id }) => id).sort();
}
