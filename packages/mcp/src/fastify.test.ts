import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import Fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createFixture, issuerUrl } from '../test/fixture.ts';
import { protectMcp } from './fastify.ts';
import type { McpGuardOptions } from './guard-options.ts';

const open: { close: () => Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

async function startServer(overrides: Partial<McpGuardOptions> = {}) {
  const fixture = createFixture(overrides);
  const { handlers, guard } = fixture;
  const handler = createMcpHandler(() => {
    const server = new Server(
      { name: 'test', version: '1' },
      { capabilities: { tools: {}, resources: {}, prompts: {} } },
    );
    server.setRequestHandler('tools/list', (_request, extra) => handlers.listTools(extra));
    server.setRequestHandler('tools/call', ({ params }, extra) => handlers.callTool(params, extra));
    server.setRequestHandler('resources/read', ({ params }, extra) => handlers.readResource(params, extra));
    server.setRequestHandler('prompts/get', ({ params }, extra) => handlers.getPrompt(params, extra));
    return server;
  });
  const app = Fastify();
  await app.register(protectMcp, { guard, handler });
  open.push(app);

  const post = (body: object, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/mcp',
      headers: {
        host: 'mcp.example',
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers,
      },
      payload: body,
    });
  const call = async (name: string, claims: object = {}, args: object = {}) => {
    const authorization = `Bearer ${await fixture.issuer.mint({ roles: [], ...claims })}`;
    return post(toolCall(name, args), { authorization });
  };
  return { ...fixture, app, post, call };
}

function toolCall(name: string, args: object = {}) {
  return { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, arguments: args } };
}

/** Body and headers of a tool call of 2026-07-28. */
function modernCall(name: string, token: string): [object, Record<string, string>] {
  const body = toolCall(name);
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = {
    authorization: `Bearer ${token}`,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
  };
  return [{ ...body, params: { ...body.params, _meta } }, headers];
}

/** The JSON-RPC message of an answer, whether it came as JSON or as an event stream. */
function messageOf(response: { body: string }) {
  const data = response.body.split('\n').find((line) => line.startsWith('data: '));
  return JSON.parse(data === undefined ? response.body : data.slice(6));
}

const challengeEnd = 'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"';

describe('protectMcp for Fastify', () => {
  it(
    verifies(
      'rs:no-token',
      'sends a bare challenge with the smallest useful scope to a client without a token',
    ),
    async () => {
      const { post, events } = await startServer();
      const response = await post(toolCall('read'));
      expect(response.statusCode).toBe(401);
      expect(response.headers['www-authenticate']).toBe(
        `Bearer scope="mcp:tools:execute expenses:read", ${challengeEnd}`,
      );
      expect(events).toEqual([{ type: 'authentication', ok: false, reason: 'no_token', fault: 'caller' }]);
    },
  );

  it(verifies('rs:both-eras', 'serves a tool call of the 2025 revisions'), async () => {
    const { call } = await startServer();
    const response = await call('read');
    expect(response.statusCode).toBe(200);
    expect(messageOf(response).result.content).toEqual([{ type: 'text', text: 'hello user-1' }]);
  });

  it(verifies('rs:both-eras', 'serves a tool call of 2026-07-28 from the same URL'), async () => {
    const { post, issuer } = await startServer();
    const response = await post(...modernCall('read', await issuer.mint()));
    expect(messageOf(response).result.content).toEqual([{ type: 'text', text: 'hello user-1' }]);
  });

  it(
    verifies(
      'sc:challenge',
      'answers 403 with all scopes of the operation and a JSON-RPC body when a new login can help',
    ),
    async () => {
      const { call } = await startServer();
      const response = await call('write');
      expect(response.statusCode).toBe(403);
      expect(response.headers['www-authenticate']).toContain('Bearer error="insufficient_scope"');
      expect(response.headers['www-authenticate']).toContain('scope="mcp:tools:execute expenses:write"');
      expect(response.headers['www-authenticate']).toContain(challengeEnd);
      expect(response.json()).toMatchObject({
        jsonrpc: '2.0',
        id: 7,
        error: { data: { error: 'insufficient_scope' } },
      });
    },
  );

  it(
    verifies('sc:challenge', 'tells a client that cannot take a 403 by a tool error with the same challenge'),
    async () => {
      const { call } = await startServer({ toolErrorClients: ['client-1'] });
      const response = await call('write');
      expect(response.statusCode).toBe(200);
      const { result } = messageOf(response);
      expect(result.isError).toBe(true);
      expect(result._meta['mcp/www_authenticate'][0]).toContain('scope="mcp:tools:execute expenses:write"');
    },
  );

  it(verifies('sc:challenge', 'ends in a sentence when a new login did not bring the scope'), async () => {
    const { call } = await startServer();
    expect((await call('write')).statusCode).toBe(403);
    const second = await call('write');
    expect(second.statusCode).toBe(200);
    expect(messageOf(second).result.content[0].text).toContain(
      'The new token does not bring what this tool needs either',
    );
  });

  it(
    verifies('sc:challenge', 'challenges another session of the same user and client all the same'),
    async () => {
      const { call, post, issuer } = await startServer();
      expect((await call('write')).statusCode).toBe(403);
      const authorization = `Bearer ${await issuer.mint({ roles: [], sid: 'another' })}`;
      const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
      expect((await post(list, { authorization })).statusCode).toBe(200);
      expect((await post(toolCall('write'), { authorization })).statusCode).toBe(403);
    },
  );

  it(verifies('sc:per-tool', 'decides on each tool call by the scopes of that tool alone'), async () => {
    const { call } = await startServer();
    expect((await call('write', { scope: 'mcp:tools:execute expenses:write' })).statusCode).toBe(200);
    expect((await call('read', { scope: 'mcp:tools:execute expenses:write' })).statusCode).toBe(403);
  });

  it(verifies('sc:per-tool', 'decides again in the handler when the edge was passed by'), async () => {
    const { guard, handlers, issuer } = await startServer();
    const token = await issuer.mint();
    const admitted = await guard.admit({
      method: 'POST',
      url: '/mcp',
      rawHeaders: ['Authorization', `Bearer ${token}`],
    });
    const result = await handlers.callTool({ name: 'write' }, { authInfo: guard.authInfo(admitted) });
    expect(result.isError).toBe(true);
  });

  it(verifies('sc:arguments', 'asks for more when the arguments demand it'), async () => {
    const { call } = await startServer();
    expect((await call('limited', {}, { amount: 100 })).statusCode).toBe(200);
    const refused = await call('limited', {}, { amount: 101 });
    expect(refused.statusCode).toBe(403);
    expect(refused.headers['www-authenticate']).toContain('expenses:large');
  });

  it(
    verifies(
      ['sc:list-filter', 'sc:roles'],
      'answers a tool the role can never have like one that does not exist',
    ),
    async () => {
      const { call } = await startServer();
      const hidden = messageOf(await call('approve')).error;
      const unknown = messageOf(await call('appalls')).error;
      expect(hidden).toEqual({ code: -32602, message: 'Unknown tool: approve' });
      expect(unknown).toEqual({ code: -32602, message: 'Unknown tool: appalls' });
      expect(messageOf(await call('approve', { roles: ['manager'] })).result.content[0].text).toBe(
        'approved',
      );
    },
  );

  it(
    verifies('sc:list-filter', 'lists what may be used now or after a step-up, and hides the rest'),
    async () => {
      const { post, issuer } = await startServer();
      const list = async (claims: Readonly<Record<string, unknown>>) => {
        const headers = { authorization: `Bearer ${await issuer.mint(claims)}` };
        const response = await post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, headers);
        return messageOf(response).result.tools.map(({ name }: { name: string }) => name);
      };
      expect(await list({})).toEqual(['read', 'write', 'call_api', 'limited', 'broken']);
      expect(await list({ roles: ['manager'] })).toContain('approve');
      expect(await list({ mcp_allowed_tools: ['read'] })).toEqual(['read']);
    },
  );

  it(verifies('sc:allowed-tools', 'treats a tool outside mcp_allowed_tools as absent'), async () => {
    const { call } = await startServer();
    expect(messageOf(await call('read', { mcp_allowed_tools: [] })).error.message).toBe('Unknown tool: read');
  });

  it(verifies('sc:m2m', 'keeps a token without a user away from tools of users'), async () => {
    const { call, exchanged } = await startServer();
    const machine = { sub: 'client-1' };
    expect(messageOf(await call('read', machine)).error.message).toBe('Unknown tool: read');
    expect((await call('call_api', machine)).statusCode).toBe(200);
    expect(exchanged).toEqual([
      { target: 'expenses-api', scopes: ['api:expenses.read'], tenant: 'acme', signal: expect.anything() },
    ]);
  });

  it(verifies('rs:no-passthrough', 'gives the user’s token to the exchange and to no handler'), async () => {
    const { guard, issuer, call, exchanged } = await startServer();
    await call('call_api');
    expect(exchanged[0]?.subjectToken).toMatch(/^ey/);
    const rawHeaders = ['Authorization', `Bearer ${await issuer.mint()}`];
    const admitted = await guard.admit({ method: 'POST', url: '/mcp', rawHeaders });
    expect(guard.authInfo(admitted).token).toBe('');
    expect(JSON.stringify([guard.authInfo(admitted), guard.context(admitted)])).not.toContain('eyJ');
  });

  it(
    verifies('tb:error-map', 'answers 401 when the issuer no longer accepts the subject token'),
    async () => {
      const { call, failExchange } = await startServer();
      failExchange(
        new OAuthError('invalid_token', 'The access token is not valid.', { reason: 'subject_refused' }),
      );
      const response = await call('call_api');
      expect(response.statusCode).toBe(401);
      expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
      expect(response.json().id).toBe(7);
    },
  );

  it(verifies('tb:error-map', 'answers a client of 2026-07-28 by the same status'), async () => {
    const { post, issuer, failExchange } = await startServer();
    failExchange(new OAuthError('temporarily_unavailable', 'Later.', { retryAfter: 7 }));
    const response = await post(...modernCall('call_api', await issuer.mint()));
    expect(response.statusCode).toBe(503);
  });

  it.each([
    ['a fault behind us', new OAuthError('temporarily_unavailable', 'Later.', { retryAfter: 7 }), 503, '7'],
    [
      'our own credential being refused',
      new OAuthError('server_error', 'No.', { reason: 'credential' }),
      500,
      undefined,
    ],
  ])(
    verifies('tb:error-map', 'never makes %s look like the caller’s fault'),
    async (_case, error, status, retryAfter) => {
      const { call, failExchange } = await startServer();
      failExchange(error);
      const response = await call('call_api');
      expect(response.statusCode).toBe(status);
      expect(response.headers['retry-after']).toBe(retryAfter);
      expect(response.headers['www-authenticate']).toBeUndefined();
    },
  );

  it('passes a tool’s own failure on as a sentence', async () => {
    const { call } = await startServer();
    expect(messageOf(await call('broken')).result).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'There is no such expense.' }],
    });
  });

  it(verifies('sc:degrade', 'names tools that would serve when one is refused'), async () => {
    const { call } = await startServer({ toolErrorClients: ['client-1'] });
    const { result } = messageOf(await call('write'));
    expect(result._meta['mcp-obo/refusal']).toMatchObject({
      mend: 'login',
      scopes: ['mcp:tools:execute', 'expenses:write'],
    });
  });

  it(
    verifies('rs:origin', 'refuses a Host that is not this server and an Origin that may not call'),
    async () => {
      const { post, issuer } = await startServer({ allowedOrigins: ['https://app.example'] });
      const authorization = `Bearer ${await issuer.mint()}`;
      expect((await post(toolCall('read'), { authorization, host: 'evil.example' })).statusCode).toBe(403);
      expect(
        (await post(toolCall('read'), { authorization, origin: 'https://evil.example' })).statusCode,
      ).toBe(403);
      const own = await post(toolCall('read'), { authorization, origin: 'https://mcp.example' });
      expect(own.statusCode).toBe(200);
      const allowed = await post(toolCall('read'), { authorization, origin: 'https://app.example' });
      expect(allowed.statusCode).toBe(200);
      expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example');
      expect(allowed.headers['access-control-expose-headers']).toContain('WWW-Authenticate');
    },
  );

  it(
    verifies('md:locations', 'publishes the metadata at both well-known locations for any page'),
    async () => {
      const { app } = await startServer();
      const [inserted, root] = await Promise.all(
        ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource'].map((url) =>
          app.inject(url),
        ),
      );
      expect(inserted?.json().authorization_servers).toEqual([issuerUrl]);
      expect(inserted?.body).toBe(root?.body);
      expect(inserted?.headers['access-control-allow-origin']).toBe('*');
    },
  );

  it('reads resources and prompts by requirements of their own', async () => {
    const { post, issuer } = await startServer();
    const send = async (method: string, params: object, scope: string) =>
      post(
        { jsonrpc: '2.0', id: 1, method, params },
        { authorization: `Bearer ${await issuer.mint({ scope })}` },
      );
    expect((await send('resources/read', { uri: 'note://1' }, 'mcp:tools')).statusCode).toBe(403);
    const read = await send('resources/read', { uri: 'note://1' }, 'mcp:resources');
    expect(messageOf(read).result.contents[0].text).toBe('note 1');
    const prompt = await send('prompts/get', { name: 'review' }, 'mcp:prompts');
    expect(messageOf(prompt).result.messages[0].content.text).toBe('Review this.');
    const absent = await send('resources/read', { uri: 'other://1' }, 'mcp:resources');
    expect(messageOf(absent).error.message).toBe('Unknown resource: other://1');
  });

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'] as const)(
    'answers %s by 401 without a token and by 405 with one',
    async (method) => {
      const { app, issuer } = await startServer();
      const at = { method, url: '/mcp', headers: { host: 'mcp.example' } };
      expect((await app.inject(at)).statusCode).toBe(401);
      const authorization = `Bearer ${await issuer.mint({})}`;
      const response = await app.inject({ ...at, headers: { ...at.headers, authorization } });
      expect({ status: response.statusCode, allow: response.headers.allow }).toEqual({
        status: 405,
        allow: 'POST',
      });
    },
  );

  it('records one authentication, one decision and one call for each call that runs', async () => {
    const { call, events } = await startServer();
    await call('read');
    expect(events.map(({ type }) => type)).toEqual(['authentication', 'authorization', 'call']);
    expect(JSON.stringify(events)).not.toContain('eyJ');
  });

  it(
    verifies('sc:deny-by-default', 'refuses to start with an operation that declares no requirement'),
    () => {
      const incomplete = { kind: 'tool', name: 'x', scopes: [], tier: undefined };
      expect(() => createFixture({ requirements: [incomplete as never] })).toThrow(RangeError);
    },
  );
});
