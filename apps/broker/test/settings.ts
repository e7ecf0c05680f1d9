import { generateKeyPairSync } from 'node:crypto';
import { exportJWK } from 'jose';

export const broker = 'https://broker.example';
export const mcp = 'https://mcp.example/mcp';
export const reports = 'https://reports.example/mcp';

/** Key of the client `keys-server`. */
export const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Two tenants, three clients, and a policy that lets each do something else. */
export async function brokerSettings(acme: string, globex: string): Promise<Record<string, unknown>> {
  const upstream = (issuer: string, client_id: string, secret: string) => ({
    issuer,
    client_id,
    method: 'client_secret_basic',
    secret: { value: secret },
  });
  const rule = (over: object) => ({
    clients: ['mcp-server'],
    target: 'expenses-api',
    tenants: ['acme', 'globex'],
    ...over,
  });
  return {
    issuer: broker,
    issuers: [
      { tenant: 'acme', issuer: acme, companions: ['account'] },
      { tenant: 'globex', issuer: globex },
    ],
    clients: [
      {
        id: 'mcp-server',
        auth: { method: 'client_secret', secret: { value: 'secret of mcp-server' } },
        upstream: [upstream(acme, mcp, 'acme: mcp'), upstream(globex, mcp, 'globex: mcp')],
      },
      {
        id: 'reports-server',
        grants: ['token-exchange'],
        auth: { method: 'client_secret', secret: { value: 'secret of reports' } },
        upstream: [upstream(acme, reports, 'acme: reports')],
      },
      {
        id: 'keys-server',
        auth: { method: 'private_key_jwt', jwks: { keys: [await exportJWK(clientKey.publicKey)] } },
      },
    ],
    resources: [
      { uri: mcp, owner: 'mcp-server', targets: ['expenses-api', 'ledger'] },
      { uri: reports, owner: 'reports-server', targets: ['expenses-api'] },
      { uri: 'https://keys.example/mcp', owner: 'keys-server' },
    ].map((resource) => ({ tenants: ['acme', 'globex'], ...resource })),
    targets: [
      {
        name: 'expenses-api',
        audience: 'api://expenses',
        scopes: ['api:expenses.read', 'api:expenses.write', 'api:expenses.approve'],
        machine_scopes: ['api:expenses.totals'],
      },
      { name: 'ledger', audience: 'api://ledger', scopes: ['ledger.read'] },
    ],
    policy: {
      version: '1',
      rules: [
        rule({ subject_scopes: ['expenses:read'], scopes: ['api:expenses.read'] }),
        rule({ subject_scopes: ['expenses:write'], scopes: ['api:expenses.write'] }),
        rule({ tenants: ['acme'], machine: true, scopes: ['api:expenses.totals'] }),
        rule({ clients: ['reports-server'], tenants: ['acme'], scopes: ['api:expenses.read'] }),
      ],
    },
  };
}
