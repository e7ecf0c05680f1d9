import { ConfigError } from '@mcp-obo/config';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageOf, startApp } from '../test/fixture.ts';
import { expensesCatalogue } from './catalogue.ts';

let server: Awaited<ReturnType<typeof startApp>>;
beforeEach(async () => {
  server = await startApp();
});
afterEach(async () => {
  await server.close();
});

const scope = (fine: string) => ({ scope: `mcp:tools:execute ${fine}` });

describe('the expenses tools', () => {
  it('call the API with a token for exactly the scopes of the tool', async () => {
    const response = await server.call('list_expenses', { status: 'submitted' });
    expect(messageOf(response).result.structuredContent).toEqual({ expenses: [], seen: { user: 'user-1' } });
    expect(server.asked[0]?.url).toBe('https://api.example/expenses?status=submitted');
    expect(server.asked[0]?.init?.headers).toMatchObject({ authorization: 'Bearer for api:expenses.read' });
  });

  it(
    verifies('rs:identity', 'know the caller from the token alone, whatever headers and _meta say'),
    async () => {
      const params = { name: 'whoami', arguments: {}, _meta: { sub: 'root', user: 'root' } };
      const headers = {
        authorization: `Bearer ${await server.token()}`,
        'x-user': 'root',
        'x-forwarded-user': 'root',
      };
      const response = await server.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers);
      expect(messageOf(response).result.structuredContent).toMatchObject({
        subject: 'user-1',
        client: 'client-1',
        tenant: 'default',
      });
    },
  );

  it(verifies('sc:arguments', 'ask for a fresh login above the limit of an approval'), async () => {
    const manager = { roles: ['manager'], ...scope('expenses:approve') };
    const old = { ...manager, auth_time: Math.floor(Date.now() / 1000) - 3600 };
    expect((await server.call('approve_expense', { id: 'exp-1', amount: 1000 }, old)).statusCode).toBe(200);
    const refused = await server.call('approve_expense', { id: 'exp-1', amount: 1001 }, old);
    expect(refused.statusCode).toBe(401);
    expect(refused.headers['www-authenticate']).toContain('error="insufficient_user_authentication"');
    expect(refused.headers['www-authenticate']).toContain('max_age="300"');
    const fresh = { ...manager, auth_time: Math.floor(Date.now() / 1000) };
    expect((await server.call('approve_expense', { id: 'exp-1', amount: 1001 }, fresh)).statusCode).toBe(200);
  });

  it('say in a sentence what is wrong with their arguments', async () => {
    const { result } = messageOf(await server.call('get_expense', { id: '../admin' }));
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toBe(
      'The arguments do not fit: id: must be the id of an expense, e.g. exp-1',
    );
    expect(server.asked).toEqual([]);
  });

  it.each(['{a*}', '%2e%2e', 'a%2Fb'])('ask the API for no expense with the id %s', async (id) => {
    const reader = { scope: 'mcp:resources expenses:read' };
    const answer = messageOf(await server.rpc('resources/read', { uri: `expense://${id}` }, reader));
    expect(answer.error).toMatchObject({ code: -32602, message: 'There is no such expense.' });
    expect(server.asked).toEqual([]);
  });

  it('pass a problem of the API on as its sentence', async () => {
    server.answerWith(() =>
      Response.json({ code: 'amount_differs', detail: 'The amount is 10.00 EUR.' }, { status: 409 }),
    );
    const { result } = messageOf(await server.call('list_expenses'));
    expect(result).toMatchObject({ isError: true, content: [{ text: 'The amount is 10.00 EUR.' }] });
  });

  it.each([
    ['does not accept our token', 401, 500],
    ['fails', 500, 503],
  ])(
    verifies('tb:error-map', 'answer as a fault of the platform when the API %s'),
    async (_case, theirs, ours) => {
      server.answerWith(() => new Response(null, { status: theirs }));
      expect((await server.call('list_expenses')).statusCode).toBe(ours);
    },
  );

  it('put a report into the outbox', async () => {
    const manager = { roles: ['manager'], ...scope('expenses:export') };
    await server.call('send_report', { to: 'audit@example.com', month: '2026-10' }, manager);
    expect(server.reports).toMatchObject([{ to: 'audit@example.com', subject: 'Expenses 2026-10' }]);
  });

  it(verifies('sc:m2m', 'give a machine its totals and no tool of a user'), async () => {
    const machine = { sub: 'nightly', client_id: 'nightly', ...scope('expenses:totals') };
    expect((await server.call('nightly_totals', {}, machine)).statusCode).toBe(200);
    expect(messageOf(await server.call('list_expenses', {}, machine)).error.message).toBe(
      'Unknown tool: list_expenses',
    );
    expect(messageOf(await server.call('nightly_totals', {}, scope('expenses:totals'))).error.message).toBe(
      'Unknown tool: nightly_totals',
    );
  });

  it('are listed as far as an employee can ever use them', async () => {
    const list = messageOf(await server.rpc('tools/list', {})).result.tools;
    expect(list.map(({ name }: { name: string }) => name)).toEqual([
      'whoami',
      'list_expenses',
      'get_expense',
      'submit_expense',
    ]);
    expect(
      list.every(({ inputSchema }: { inputSchema: { type: string } }) => inputSchema.type === 'object'),
    ).toBe(true);
  });

  it(verifies('sc:deny-by-default', 'each declare what they need, as do resource and prompt'), () => {
    const { tools, resources, prompts } = expensesCatalogue({
      api: async () => ({}),
      largeAmounts: { above: 1000, demand: {} },
      outbox: async () => undefined,
    });
    const declared = [...tools, ...resources, ...prompts].map(({ requirement }) => requirement);
    expect(declared.map(({ name, base, tier, scopes }) => [name, base, tier, ...scopes])).toEqual([
      ['whoami', 'mcp:tools:execute', 'read-only'],
      ['list_expenses', 'mcp:tools:execute', 'read-only', 'expenses:read'],
      ['get_expense', 'mcp:tools:execute', 'read-only', 'expenses:read'],
      ['submit_expense', 'mcp:tools:execute', 'read-write', 'expenses:write'],
      ['approve_expense', 'mcp:tools:execute', 'financial', 'expenses:approve'],
      ['delete_expense', 'mcp:tools:execute', 'admin', 'expenses:admin'],
      ['nightly_totals', 'mcp:tools:execute', 'read-only', 'expenses:totals'],
      ['send_report', 'mcp:tools:execute', 'financial', 'expenses:export'],
      ['expense://{id}', 'mcp:resources', 'read-only', 'expenses:read'],
      ['review_expenses', 'mcp:prompts', 'read-only', 'expenses:read'],
    ]);
  });
});

describe('roles and groups', () => {
  it.each([
    ['a tool that no role may use', 'roles: {employee: [expenses:submit]}', /approve_expense/],
    ['a role that is not there', 'groups: {/staff: [nobody]}', /nobody/],
  ])('are refused as a wrong setting for %s', async (_case, settings, sentence) => {
    const refused = startApp({}, { file: settings });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(sentence);
  });
});

describe('a request whose path cannot be decoded', () => {
  it('is refused as every other, and its path is not repeated', async () => {
    const response = await server.app.inject({ method: 'POST', url: '/secret%zz' });
    expect([response.statusCode, response.json().error.data.error]).toEqual([400, 'invalid_request']);
    expect(response.body).not.toContain('secret');
  });
});

describe('the audit', () => {
  it(
    verifies(
      'op:audit',
      'has one record for each decision, with parameters by their sensitivity and no token',
    ),
    async () => {
      await server.call(
        'submit_expense',
        { amount: 5, currency: 'EUR', description: 'Confidential' },
        scope('expenses:write'),
      );
      const records = server.records.map((line) => JSON.parse(line));
      expect(records.map(({ type, decision }) => `${type} ${decision}`)).toEqual([
        'authorization allow',
        'tool_call allow',
      ]);
      expect(records[0]).toMatchObject({
        tool: 'submit_expense',
        tenant: 'default',
        client_id: 'client-1',
        user: { issuer: 'https://idp.example', key: 'user-1' },
        parameters: { amount: 5, currency: 'EUR', description: { sha256: expect.any(String) } },
      });
      expect(server.records.join('')).not.toMatch(/eyJ|Confidential/);
    },
  );

  it(verifies('op:audit', 'records a refused token with its reason'), async () => {
    await server.call('list_expenses', {}, { exp: 1, iat: 0 });
    expect(JSON.parse(server.records[0] ?? '')).toMatchObject({
      type: 'authentication',
      decision: 'refuse',
      reason: 'expired',
    });
  });

  it(verifies('op:audit', 'records what a caller tried and could not know of'), async () => {
    await server.call('delete_expense', { id: 'exp-1' });
    expect(JSON.parse(server.records[0] ?? '')).toMatchObject({
      decision: 'refuse',
      reason: 'permission',
      tool: 'delete_expense',
    });
  });
});

describe('requests that never reach a tool', () => {
  it(verifies('rs:state-handle', 'take no session id for a login'), async () => {
    const response = await server.send(
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { 'mcp-session-id': 'stolen' },
    );
    expect(response.statusCode).toBe(401);
  });

  it(verifies('rs:state-handle', 'get no session id that could be stolen'), async () => {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    };
    const response = await server.rpc('initialize', params);
    expect(response.statusCode).toBe(200);
    expect(response.headers['mcp-session-id']).toBeUndefined();
  });

  it.each([
    ['no JSON', '{"jsonrpc"', 400],
    ['a member twice', '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}', 400],
    ['__proto__', '{"jsonrpc":"2.0","id":1,"method":"tools/list","__proto__":{}}', 400],
    ['a member in other case', '{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call"}', 400],
    ['too much', JSON.stringify({ filler: 'x'.repeat(1_100_000) }), 413],
  ])('answer a body with %s by the status that says so', async (_case, payload, status) => {
    const response = await server.send(payload, { authorization: `Bearer ${await server.token()}` });
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ jsonrpc: '2.0', error: { message: expect.any(String) } });
  });

  it('answer another media type by 415', async () => {
    const authorization = `Bearer ${await server.token()}`;
    expect(
      (await server.send('a=b', { authorization, 'content-type': 'application/x-www-form-urlencoded' }))
        .statusCode,
    ).toBe(415);
  });

  it.each(['//mcp', '/mcp/', '/mcp;x', '/MCP', '/%2fmcp'])('find nothing at %s', async (url) => {
    const response = await server.app.inject({ method: 'POST', url, headers: { host: 'mcp.example' } });
    expect([401, 404]).toContain(response.statusCode);
  });

  it('find the state of the process at /health', async () => {
    const response = await server.app.inject('/health');
    expect(response.json()).toMatchObject({ status: 'ok' });
  });
});
