import { randomUUID } from 'node:crypto';
import { type EntraDouble, entraIds, exampleEntraDirectory, startEntraDouble } from '@mcp-obo/idp-doubles';
import { startLoop } from '../contender-process.ts';
import type { Measurement, Run } from '../measurement.ts';

/** What a contender of this measurement is started with. */
export interface OnBehalfOfData {
  readonly authority: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  /** PEM of the authority that signed the double's certificate. */
  readonly ca: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Identifier URI and application id of the API. */
  readonly api: string;
  readonly apiId: string;
  /** The scope that is asked for, and all that come back. */
  readonly scope: string;
  readonly consented: readonly string[];
  readonly users: readonly { readonly oid: string; readonly subjectToken: string }[];
}

/** A token for an API at Entra ID, in process, all of them from the cache. */
export const onBehalfOfOne = onBehalfOf(1, '1 user');
export const onBehalfOfMany = onBehalfOf(5000, '5,000 users in turn');

function onBehalfOf(users: number, who: string): Measurement {
  return {
    id: `on-behalf-of-${users}`,
    title: `On-behalf-of token from the cache, in process, against the Entra double, ${who}`,
    contenders: [
      { id: 'msal', label: 'msal-node `acquireTokenOnBehalfOf`' },
      { id: 'ours', label: '@mcp-obo/exchange `createLocalExchange`' },
    ],
    baseline: 'msal',
    setUp: async (stage) => {
      const oids = Array.from({ length: users }, () => randomUUID());
      const entra = await startEntraDouble({ directory: directoryOf(oids) });
      stage.defer(entra.close);
      const { mcpServer: app, desktopClient: client } = entraIds;
      const tokens = oids.map(async (oid) => {
        return { oid, subjectToken: await entra.mintUserToken({ user: oid, app, client }) };
      });
      const data = dataFor(entra, await Promise.all(tokens));
      return {
        msal: async () => cachedOnly(await startLoop(stage, 'obo-msal.ts', data), entra),
        ours: async () => cachedOnly(await startLoop(stage, 'obo-ours.ts', data), entra),
      };
    },
  };
}

/** The example directory with other users. */
function directoryOf(oids: readonly string[]) {
  const { tenants } = exampleEntraDirectory({ secrets: [{ value: clientSecret }] });
  const users = oids.map((oid, index) => ({ oid, upn: `user${index}@acme.example`, name: `User ${index}` }));
  return { tenants: tenants.map((tenant) => ({ ...tenant, users })) };
}

const clientSecret = 'a-secret-of-the-bench';

function dataFor(entra: EntraDouble, users: OnBehalfOfData['users']): OnBehalfOfData {
  const { tenant, mcpServer, expensesApi } = entraIds;
  return {
    authority: `${entra.url}/${tenant}`,
    issuer: entra.issuerOf(tenant, 2),
    tokenEndpoint: entra.tokenEndpoint(tenant),
    jwksUri: entra.jwksUri(tenant),
    ca: entra.ca ?? '',
    clientId: mcpServer,
    clientSecret,
    api: 'api://expenses',
    apiId: expensesApi,
    scope: 'api:expenses.read',
    consented: ['api:expenses.read', 'api:expenses.write'],
    users,
  };
}

/** The same run, which fails when it asked the identity provider for anything. */
function cachedOnly(run: Run, entra: EntraDouble): Run {
  return async (milliseconds) => {
    const before = entra.requests.length;
    const slice = await run(milliseconds);
    const made = entra.requests.length - before;
    if (made > 0)
      throw new Error(`${slice.calls} calls made ${made} requests at the identity provider, not 0.`);
    return slice;
  };
}
