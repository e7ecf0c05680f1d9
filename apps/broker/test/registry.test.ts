import { verifies } from '@mcp-obo/testbed/verifies';
import { beforeAll, describe, expect, it } from 'vitest';
import { createFixture, type Fixture, jwtBearer } from './fixture.ts';
import { brokerSettings, mcp, reports } from './settings.ts';

const admin = 'https://mcp.example/admin';
const refused = { error: 'invalid_request', suberror: 'subject_refused' };
let fixture: Fixture;

/** The MCP server has two resources, which reach different targets and serve different tenants. */
beforeAll(async () => {
  const { policy } = (await brokerSettings('', '')) as { policy: { rules: readonly object[] } };
  fixture = await createFixture({
    config: {
      resources: [
        { uri: mcp, owner: 'mcp-server', tenants: ['acme', 'globex'], targets: ['expenses-api'] },
        {
          uri: admin,
          audiences: ['api://admin'],
          owner: 'mcp-server',
          tenants: ['acme'],
          targets: ['ledger'],
        },
        { uri: reports, owner: 'reports-server', tenants: ['acme'], targets: ['expenses-api'] },
      ],
      policy: {
        version: '1',
        rules: [
          ...policy.rules,
          {
            clients: ['mcp-server'],
            target: 'ledger',
            tenants: ['acme', 'globex'],
            scopes: ['ledger.read'],
          },
        ],
      },
    },
  });
});

const ledger = { audience: 'ledger', scope: 'ledger.read' };

describe('the register of resources', () => {
  it(
    verifies('tb:resource-registry', 'lets a resource reach its own targets, by each of its names'),
    async () => {
      const { exchange, subject, acme } = fixture;
      // An issuer exchanges for who is in the audience of the token.
      acme.answerWith((request) => acme.mintAnswer(request));
      for (const aud of [admin, 'api://admin', [admin, 'api://admin']])
        expect((await exchange({ ...ledger, subject_token: await subject({ aud }) })).statusCode).toBe(200);
      acme.answerWith(undefined);
    },
  );

  it.each([
    ['a target of another resource of its owner', mcp, ledger],
    ['the same the other way round', admin, {}],
  ])(verifies('tb:resource-registry', 'refuses %s, whatever the policy allows'), async (_what, aud, form) => {
    const { exchange, subject, acme } = fixture;
    const before = acme.requests.length;
    const response = await exchange({ ...form, subject_token: await subject({ aud }) });
    expect([response.statusCode, response.json().error]).toEqual([400, 'invalid_target']);
    expect(acme.requests).toHaveLength(before);
  });

  it.each([
    ['a tenant it does not serve', { aud: admin }, 'globex'],
    ['two resources at once, though one client owns both', { aud: [mcp, admin] }, 'acme'],
    ['a resource of another client', { aud: reports }, 'acme'],
    ['no resource that is registered', { aud: 'https://unknown.example/mcp' }, 'acme'],
  ] as const)(
    verifies(['tb:resource-registry', 'tb:subject-check'], 'refuses a token for %s'),
    async (_what, claims, idp) => {
      const subject_token = await fixture.subject(claims, fixture[idp]);
      const response = await fixture.exchange({ ...ledger, subject_token });
      expect([response.statusCode, response.json()]).toEqual([400, expect.objectContaining(refused)]);
    },
  );

  it(verifies('tb:resource-registry', 'holds requests of MSAL in the same way'), async () => {
    const { post, subject } = fixture;
    const ask = async (aud: string, scope: string) =>
      post({
        grant_type: jwtBearer,
        requested_token_use: 'on_behalf_of',
        assertion: await subject({ aud }),
        scope,
      });
    expect((await ask(mcp, 'api://expenses/api:expenses.read')).statusCode).toBe(200);
    expect((await ask(mcp, 'api://ledger/ledger.read')).json().error).toBe('invalid_target');
  });

  it(verifies(['tb:resource-registry', 'op:audit'], 'has its refusals in the audit, by reason'), async () => {
    const { exchange, subject, audit } = fixture;
    await exchange({ ...ledger, subject_token: await subject() });
    await exchange({ ...ledger, subject_token: await subject({ aud: admin }, fixture.globex) });
    const records = audit.slice(-2).map((line) => JSON.parse(line));
    expect(records).toEqual([
      expect.objectContaining({ decision: 'refuse', reason: 'resource_target', client_id: 'mcp-server' }),
      expect.objectContaining({ decision: 'refuse', reason: 'resource_tenant', client_id: 'mcp-server' }),
    ]);
  });
});
