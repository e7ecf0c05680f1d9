import { verifies } from '@mcp-obo/testbed/verifies';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { modernMeta, post } from './fixture/mcp-http.ts';
import { logInByHand } from './fixture/raw-login.ts';

const platform = inject('platform');
const url = platform.urls.mcp;
let authorization: string;
beforeAll(async () => {
  authorization = `Bearer ${(await logInByHand(platform, { username: 'alice' })).accessToken}`;
});

const request = (method: string, params?: object, id = 1) => ({ jsonrpc: '2.0', id, method, params });
const call = (name: string, args: object = {}, id = 1) =>
  request('tools/call', { name, arguments: args }, id);
const lunch = { amount: 12.5, currency: 'EUR', description: 'Lunch' };

describe('the revisions of 2025, by hand', () => {
  it.each(['2025-03-26', '2025-06-18', '2025-11-25'])(
    verifies('rs:both-eras', '%s: handshake, list and call, without a session'),
    async (version) => {
      const hello = await post(
        url,
        request('initialize', {
          protocolVersion: version,
          capabilities: {},
          clientInfo: { name: 'by hand', version: '1' },
        }),
        { authorization },
      );
      expect(hello.messages[0].result).toMatchObject({
        protocolVersion: version,
        capabilities: { tools: {} },
      });
      expect(hello.headers.get('mcp-session-id')).toBeNull();

      // The header came with 2025-06-18.
      const headers = { authorization, ...(version !== '2025-03-26' && { 'mcp-protocol-version': version }) };
      const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
      expect((await post(url, initialized, headers)).status).toBe(202);
      const listed = await post(url, request('tools/list'), headers);
      expect(listed.messages[0].result.tools).toHaveLength(4);
      const called = await post(url, call('list_expenses'), headers);
      expect(called.messages[0].result.structuredContent.expenses.length).toBeGreaterThan(0);
    },
  );

  it(
    verifies('rs:both-eras', 'answer an unknown revision with one they know, and none without a name'),
    async () => {
      const hello = await post(
        url,
        request('initialize', {
          protocolVersion: '2030-01-01',
          capabilities: {},
          clientInfo: { name: 'by hand', version: '1' },
        }),
        { authorization },
      );
      expect(hello.messages[0].result.protocolVersion).toBe('2025-11-25');
      const headers = { authorization, 'mcp-protocol-version': '2030-01-01' };
      expect((await post(url, request('tools/list'), headers)).status).toBe(400);
    },
  );

  it(verifies('rs:both-eras', '2025-03-26: answer each message of a batch'), async () => {
    const batch = [request('ping', undefined, 1), request('tools/list', undefined, 2), call('whoami', {}, 3)];
    const { status, messages } = await post(url, batch, { authorization });
    expect(status).toBe(200);
    expect(messages.map(({ id }) => id).toSorted()).toEqual([1, 2, 3]);
    expect(messages.every((message) => 'result' in message)).toBe(true);
  });

  it(verifies('sc:per-tool', '2025-03-26: run nothing of a batch that holds one call too many'), async () => {
    const batch = [call('list_expenses', {}, 1), call('submit_expense', lunch, 2)];
    const { status, headers, messages } = await post(url, batch, { authorization });
    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toContain('scope="mcp:tools:execute expenses:write"');
    expect(messages).toEqual([expect.objectContaining({ id: 2, error: expect.anything() })]);
  });

  it(verifies('rs:both-eras', 'answer an unknown method as JSON-RPC does'), async () => {
    const { messages } = await post(url, request('no/such'), { authorization });
    expect(messages[0]).toMatchObject({ id: 1, error: { code: -32601 } });
  });
});

describe('2026-07-28, by hand', () => {
  const modern = (method: string, params: object = {}, version?: string) =>
    request(method, { ...params, _meta: modernMeta(version) });
  const headersFor = (method: string, name?: string) => ({
    authorization,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(name !== undefined && { 'mcp-name': name }),
  });

  it(verifies('rs:both-eras', 'is found by discovery, and serves without a handshake'), async () => {
    const found = await post(url, modern('server/discover'), headersFor('server/discover'));
    expect(found.messages[0].result.supportedVersions).toContain('2026-07-28');
    const called = await post(
      url,
      modern('tools/call', { name: 'list_expenses', arguments: {} }),
      headersFor('tools/call', 'list_expenses'),
    );
    expect(called.messages[0].result.structuredContent.expenses.length).toBeGreaterThan(0);
  });

  it(verifies('sc:list-filter', 'marks lists as those of one caller'), async () => {
    const { messages } = await post(url, modern('tools/list'), headersFor('tools/list'));
    expect(messages[0].result).toMatchObject({ cacheScope: 'private', ttlMs: 0 });
  });

  const whoami = { name: 'whoami', arguments: {} };
  it.each([
    ['another method', 'tools/call', whoami, () => headersFor('tools/list', 'whoami')],
    ['another tool', 'tools/call', whoami, () => headersFor('tools/call', 'list_expenses')],
    ['no method', 'tools/call', whoami, () => ({ authorization, 'mcp-protocol-version': '2026-07-28' })],
    ['no name', 'tools/call', whoami, () => headersFor('tools/call')],
    [
      'another revision',
      'tools/list',
      {},
      () => ({ ...headersFor('tools/list'), 'mcp-protocol-version': '2025-11-25' }),
    ],
  ])(
    verifies('rs:both-eras', 'refuses headers that name %s than the body'),
    async (_case, method, params, headers) => {
      const { status, messages } = await post(url, modern(method, params), headers());
      expect({ status, code: messages[0].error.code }).toEqual({ status: 400, code: -32020 });
    },
  );

  it(verifies('rs:both-eras', 'names the revisions it knows when asked for another'), async () => {
    const headers = { ...headersFor('tools/list'), 'mcp-protocol-version': '2030-01-01' };
    const { status, messages } = await post(url, modern('tools/list', {}, '2030-01-01'), headers);
    expect(status).toBe(400);
    expect(messages[0].error.data).toMatchObject({ supported: ['2026-07-28'], requested: '2030-01-01' });
  });

  it(verifies('rs:both-eras', 'answers an unknown method by 404'), async () => {
    const { status, messages } = await post(url, modern('no/such'), headersFor('no/such'));
    expect({ status, code: messages[0].error.code }).toEqual({ status: 404, code: -32601 });
  });

  it(
    verifies('sc:challenge', 'challenges with all scopes of the operation, in the JSON body too'),
    async () => {
      const { status, headers, messages } = await post(
        url,
        modern('tools/call', { name: 'submit_expense', arguments: lunch }),
        headersFor('tools/call', 'submit_expense'),
      );
      expect(status).toBe(403);
      expect(headers.get('www-authenticate')).toMatch(
        /^Bearer error="insufficient_scope", .*scope="mcp:tools:execute expenses:write", resource_metadata="/,
      );
      expect(messages[0]).toMatchObject({
        id: 1,
        error: { data: { error: 'insufficient_scope', scope: 'mcp:tools:execute expenses:write' } },
      });
    },
  );
});

describe('the endpoint itself', () => {
  it.each(['GET', 'DELETE'])(
    verifies('rs:both-eras', 'has no stream and no session to end: %s is 405 with a token, 401 without'),
    async (method) => {
      const accept = 'text/event-stream';
      const known = await fetch(url, { method, headers: { authorization, accept } });
      expect({ status: known.status, allow: known.headers.get('allow') }).toEqual({
        status: 405,
        allow: 'POST',
      });
      expect((await fetch(url, { method, headers: { accept } })).status).toBe(401);
    },
  );
});
