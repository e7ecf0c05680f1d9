import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { messageOf, refusalOf } from './fixture/answers.ts';
import { startResourceServer } from './fixture/resource-server.ts';

const tid = '11111111-1111-1111-1111-111111111111';
const server = await startResourceServer({
  issuers: [
    { tenant: 'default' },
    {
      tenant: 'entra',
      path: `/${tid}/v2.0`,
      settings: { profile: 'entra', scope_prefix: 'api://expenses-mcp/' },
      claims: {
        tid,
        oid: 'o-1',
        azp: 'client-1',
        uti: 'u-1',
        client_id: undefined,
        jti: undefined,
        scope: undefined,
      },
    },
  ],
});
afterAll(server.close);
const { issuer } = server;
const entra = server.issuerOf('entra');
const jwt = { header: { typ: 'JWT' } };
const metadata = `http://127.0.0.1:${server.port}/.well-known/oauth-protected-resource/mcp`;
const expense = { amount: 1, currency: 'EUR', description: 'Taxi' };

describe('a tool whose scope is missing', () => {
  it(
    verifies(
      ['sc:challenge', 'sc:per-tool'],
      'C10 403 with every scope of the operation and resource_metadata',
    ),
    async () => {
      const answer = await server.call(await issuer.mint(), 'submit_expense', expense);
      expect(refusalOf(answer)).toEqual({
        status: 403,
        challenge: `Bearer error="insufficient_scope", error_description="Your login does not cover this tool. Log in again with the scopes of the challenge.", scope="mcp:tools:execute expenses:write", resource_metadata="${metadata}"`,
      });
      expect(messageOf(answer).error.data.scope).toBe('mcp:tools:execute expenses:write');
    },
  );

  it(verifies(['sc:challenge', 'sc:dialects'], 'C10 in the dialect of the issuer of the token'), async () => {
    const token = await entra.mint({ scp: 'mcp:tools:execute' }, jwt);
    expect(refusalOf(await server.call(token, 'submit_expense', expense)).challenge).toContain(
      'scope="api://expenses-mcp/mcp:tools:execute api://expenses-mcp/expenses:write"',
    );
  });

  it(
    verifies(
      'sc:base',
      'C10 the fine scope alone, the scope of another tool, or an admin scope are not enough',
    ),
    async () => {
      for (const scope of [
        'expenses:write',
        'mcp:tools:execute expenses:read',
        'mcp:tools:admin expenses:write',
        '',
      ]) {
        expect(
          (
            await server.call(
              await issuer.mint({ scope, sub: `user of ${scope}` }),
              'submit_expense',
              expense,
            )
          ).status,
        ).toBe(403);
      }
    },
  );

  it(verifies('sc:per-tool', 'C10 in a batch with a tool that is allowed, nothing runs'), async () => {
    const since = server.process.output().length;
    const message = (id: number, name: string) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name, arguments: {} },
    });
    const answer = await server.send({
      headers: { authorization: `Bearer ${await issuer.mint()}` },
      body: JSON.stringify([message(1, 'whoami'), message(2, 'submit_expense')]),
    });
    expect(answer.status).toBe(403);
    await server.process.line('"msg":"request"', since);
    expect(server.process.output().slice(since)).not.toContain('"type":"tool_call"');
  });
});

describe('a token without a user', () => {
  const app = {
    sub: 'app-1',
    oid: 'app-1',
    idtyp: 'app',
    scp: undefined,
    roles: ['mcp:tools:execute', 'expenses:totals'],
  };

  it(
    verifies('sc:m2m', 'C13 calls a tool of a user: refused by the tool, no login is asked for'),
    async () => {
      const answer = await server.call(await entra.mint(app, jwt), 'list_expenses');
      expect(refusalOf(answer)).toEqual({ status: 200, challenge: undefined });
      expect(messageOf(answer).error).toEqual({ code: -32602, message: 'Unknown tool: list_expenses' });
    },
  );

  it(verifies('sc:m2m', 'C13 reaches the tool made for it'), async () => {
    // Nobody listens behind this server: 503 is what an allowed call ends with.
    expect((await server.call(await entra.mint(app, jwt), 'nightly_totals')).status).toBe(503);
  });

  it(verifies('sc:m2m', 'C13 of a user is never served as a machine'), async () => {
    const user = await entra.mint({ scp: 'mcp:tools:execute expenses:totals' }, jwt);
    expect(messageOf(await server.call(user, 'nightly_totals')).error.message).toBe(
      'Unknown tool: nightly_totals',
    );
  });
});

describe('what a caller may not know of', () => {
  const names = async (claims: object) =>
    messageOf(await server.rpc(await issuer.mint({ ...claims }), 'tools/list')).result.tools.map(
      ({ name }: { name: string }) => name,
    );

  it(
    verifies(
      ['sc:list-filter', 'sc:roles'],
      'C14 the list shows what a step-up could bring, and hides what the role never gets',
    ),
    async () => {
      expect(await names({})).toEqual(['whoami', 'list_expenses', 'get_expense', 'submit_expense']);
      expect(await names({ roles: ['manager'] })).toEqual([
        'whoami',
        'list_expenses',
        'get_expense',
        'submit_expense',
        'approve_expense',
      ]);
      expect(await names({ sub: 'job', client_id: 'job' })).toEqual(['whoami', 'nightly_totals']);
    },
  );

  it.each([
    ['whose role is missing', 'delete_expense', {}],
    ['which is for machines', 'nightly_totals', {}],
    ['which is not among the allowed', 'list_expenses', { mcp_allowed_tools: ['whoami'] }],
    ['when none is allowed', 'whoami', { mcp_allowed_tools: [] }],
    ['with every scope and no role', 'delete_expense', { scope: 'mcp:tools:execute expenses:admin' }],
  ])(
    verifies(
      ['sc:list-filter', 'sc:allowed-tools'],
      'C14 a hidden tool %s answers as one that does not exist',
    ),
    async (_case, tool, claims) => {
      const token = await issuer.mint(claims);
      const hidden = await server.call(token, tool);
      const unknown = await server.call(token, 'no_such_tool');
      expect({ ...hidden, headers: undefined }).toEqual({
        ...unknown,
        headers: undefined,
        body: unknown.body.replaceAll('no_such_tool', tool),
      });
      expect(messageOf(hidden).error).toEqual({ code: -32602, message: `Unknown tool: ${tool}` });
    },
  );

  it(verifies('sc:roles', 'C14 roles the token names in other words or places give nothing'), async () => {
    for (const claims of [
      { roles: ['FINANCE'] },
      { role: 'finance', roles: undefined },
      { roles: undefined, realm_access: { roles: ['finance'] } },
    ]) {
      expect(await names(claims)).not.toContain('delete_expense');
    }
  });
});

it(verifies('op:redaction', 'C10 no part of any of these tokens is in log or audit'), () => {
  expect(server.leaks()).toEqual([]);
});
