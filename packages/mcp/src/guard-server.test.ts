import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import {
  McpServer as McpServerV1,
  ResourceTemplate as TemplateV1,
} from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer as McpServerV2, ResourceTemplate as TemplateV2 } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createFixture } from '../test/fixture.ts';
import { type Register, type Registrar, startExpress, startFastify } from '../test/servers.ts';
import { guardServer, type McpGuardOptions, type SdkExtra } from './index.ts';

const open: { close: () => void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

const text = (value: string) => ({ content: [{ type: 'text', text: value }] });

/** Registrations as an author has them already; only the tokens for other APIs come from the guard. */
const ordinary =
  (Template: typeof TemplateV1 | typeof TemplateV2): Register =>
  (server, guard) => {
    const amount = z.object({ amount: z.number().optional() });
    server.registerTool('read', {}, () => text('hello'));
    server.registerTool('write', {}, () => text('written'));
    server.registerTool('approve', {}, () => text('approved'));
    server.registerTool('limited', { inputSchema: amount }, (args: { amount?: number }) =>
      text(`amount ${args.amount}`),
    );
    server.registerTool('call_api', {}, async (extra: SdkExtra) =>
      text(await guard.contextOf(extra).downstreamToken('expenses-api', ['api:expenses.read'])),
    );
    server.registerTool('broken', {}, () => {
      throw new Error('password=hunter2');
    });
    const notes = new Template('note://{id}', { list: undefined });
    server.registerResource('note', notes, {}, (uri: URL, { id }: { id: string }) => ({
      contents: [{ uri: uri.href, text: `note ${id}` }],
    }));
    server.registerPrompt('review', {}, () => ({
      messages: [{ role: 'user', content: { type: 'text', text: 'Review this.' } }],
    }));
  };

const lines = [
  { line: 'SDK 1.x', start: startExpress, Template: TemplateV1, Server: McpServerV1 },
  { line: 'SDK 2.x', start: startFastify, Template: TemplateV2, Server: McpServerV2 },
] as const;

describe.each(lines)('guardServer on $line', ({ start, Template, Server }) => {
  async function startServer(options: Partial<McpGuardOptions> = {}) {
    const server = await start(ordinary(Template), options);
    open.push(server);
    return server;
  }
  const call = (name: string, args: object = {}) => ['tools/call', { name, arguments: args }] as const;

  it('runs a handler that was written without it', async () => {
    const { post, events } = await startServer();
    const { message } = await post(...call('read'));
    expect(message.result.content).toEqual([{ type: 'text', text: 'hello' }]);
    expect(events.map(({ type }) => type)).toEqual(['authentication', 'authorization', 'call']);
  });

  it(verifies('sc:challenge', 'answers a missing scope with 403'), async () => {
    const { status, headers } = await (await startServer()).post(...call('write'));
    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toContain('scope="mcp:tools:execute expenses:write"');
  });

  it(verifies('sc:list-filter', 'lists what this caller can use now or after a step-up'), async () => {
    const { post } = await startServer();
    const names = async (claims: Readonly<Record<string, unknown>>) =>
      (await post('tools/list', {}, claims)).message.result.tools.map(({ name }: { name: string }) => name);
    expect(await names({})).toEqual(['read', 'write', 'limited', 'call_api', 'broken']);
    expect(await names({ roles: ['manager'] })).toContain('approve');
    expect(await names({ mcp_allowed_tools: [] })).toEqual([]);
  });

  it(
    verifies(['sc:list-filter', 'sc:roles'], 'answers a hidden tool like one that does not exist'),
    async () => {
      const { post } = await startServer();
      const hidden = JSON.stringify((await post(...call('approve'))).message);
      const unknown = JSON.stringify((await post(...call('appalls'))).message);
      expect(hidden.replaceAll('approve', 'appalls')).toBe(unknown);
      const manager = await post(...call('approve'), { roles: ['manager'] });
      expect(manager.message.result.content[0].text).toBe('approved');
    },
  );

  it(verifies('sc:arguments', 'decides on the arguments, at the edge and in the handler'), async () => {
    const { post, events } = await startServer();
    expect((await post(...call('limited', { amount: 101 }))).status).toBe(403);
    expect((await post(...call('limited', { amount: 100 }))).message.result.content[0].text).toBe(
      'amount 100',
    );
    expect(events.at(-2)).toMatchObject({ at: 'handler', operation: { args: { amount: 100 } } });
  });

  it('reads resources and prompts by requirements of their own', async () => {
    const { post } = await startServer();
    const note = ['resources/read', { uri: 'note://1' }] as const;
    expect((await post(...note)).status).toBe(403);
    expect((await post(...note, { scope: 'mcp:resources' })).message.result.contents[0].text).toBe('note 1');
    const prompt = await post('prompts/get', { name: 'review' }, { scope: 'mcp:prompts' });
    expect(prompt.message.result.messages[0].content.text).toBe('Review this.');
  });

  it('gives a handler a token for another API, and the exchange the user’s', async () => {
    const { post, exchanged } = await startServer();
    expect((await post(...call('call_api'))).message.result.content[0].text).toBe('downstream');
    expect(exchanged[0]).toMatchObject({
      target: 'expenses-api',
      subjectToken: expect.stringMatching(/^ey/),
    });
  });

  it(verifies('tb:error-map', 'answers 401 when the issuer no longer takes the subject token'), async () => {
    const { post, failExchange } = await startServer();
    failExchange(
      new OAuthError('invalid_token', 'The access token is not valid.', { reason: 'subject_refused' }),
    );
    const { status, headers, message } = await post(...call('call_api'));
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(message.id).toBe(7);
  });

  it(verifies('tb:error-map', 'answers 503 when the issuer is down'), async () => {
    const { post, failExchange } = await startServer();
    failExchange(new OAuthError('temporarily_unavailable', 'Later.', { retryAfter: 7 }));
    const { status, headers } = await post(...call('call_api'));
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('7');
  });

  it('keeps the text of an unexpected error to itself', async () => {
    const { message } = await (await startServer()).post(...call('broken'));
    expect(message.result.isError).toBe(true);
    expect(JSON.stringify(message)).not.toContain('hunter2');
  });

  it(
    verifies('op:redaction', 'keeps what fails around a handler to the log, and lets nothing run'),
    async () => {
      const logged: object[] = [];
      const planted = new Error('cannot audit password=hunter2');
      const { post } = await startServer({
        observe: ({ type }) => {
          if (type === 'authorization') throw planted;
        },
        log: { info: () => {}, warn: () => {}, error: (fields) => void logged.push(fields) },
      });
      const tool = (await post(...call('read'))).message;
      expect(tool.result).toMatchObject({ isError: true, _meta: { 'mcp-obo/refusal': expect.anything() } });
      const scope = 'mcp:resources mcp:prompts';
      const note = (await post('resources/read', { uri: 'note://1' }, { scope })).message;
      const prompt = (await post('prompts/get', { name: 'review' }, { scope })).message;
      for (const { error } of [note, prompt])
        expect(error).toEqual({ code: -32603, message: 'The request could not be served.' });
      expect(JSON.stringify([tool, note, prompt])).not.toMatch(/hunter2|hello|note 1|Review/);
      expect(logged).toEqual([{ err: planted }, { err: planted }, { err: planted }]);
    },
  );

  it(verifies('sc:deny-by-default', 'refuses to register what has no requirement'), () => {
    const { guard } = createFixture();
    const server = guardServer(guard, new Server({ name: 'test', version: '1' }), {}) as unknown as Registrar;
    const handler = () => text('open');
    expect(() => server.registerTool('other', {}, handler)).toThrow(/"other" has no requirement/);
    expect(() => server.registerResource('other', 'other://1', {}, handler)).toThrow(/"other:\/\/1"/);
    expect(() => server.registerPrompt('other', {}, handler)).toThrow(/"other" has no requirement/);
  });

  it(verifies('sc:deny-by-default', 'refuses a server on which something was registered before'), () => {
    const { guard } = createFixture();
    for (const register of [
      (server: Registrar) => server.registerTool('read', {}, () => text('open')),
      (server: Registrar) => server.registerPrompt('review', {}, () => text('open')),
      (server: Registrar) => server.registerResource('one', 'note://1', {}, () => text('open')),
      (server: Registrar) =>
        server.registerResource('note', new Template('note://{id}', { list: undefined }), {}, () =>
          text('open'),
        ),
    ]) {
      const server = new Server({ name: 'test', version: '1' });
      register(server as unknown as Registrar);
      expect(() => guardServer(guard, server, {})).toThrow(/before all registrations/);
    }
  });
});

describe('guardServer and the older ways of SDK 1.x to register', () => {
  const guarded = () => {
    const { guard } = createFixture();
    return guardServer(guard, new McpServerV1({ name: 'test', version: '1' }), {});
  };

  it(verifies('sc:deny-by-default', 'guards the deprecated methods too'), () => {
    expect(() => guarded().tool('other', async () => ({ content: [] }))).toThrow(/no requirement/);
    expect(() => guarded().prompt('other', async () => ({ messages: [] }))).toThrow(/no requirement/);
    expect(() => guarded().resource('other', 'other://1', async () => ({ contents: [] }))).toThrow(
      /no requirement/,
    );
  });

  it(verifies('sc:deny-by-default', 'refuses experimental registrations, which it cannot guard'), () => {
    expect(() => guarded().experimental).toThrow(TypeError);
  });
});

describe('protectMcp for Express', () => {
  it('answers a body that is not JSON, or too large, without a stack', async () => {
    const server = await startExpress(ordinary(TemplateV1));
    open.push(server);
    const token = await server.issuer.mint();
    expect(await server.postRaw('{', token)).toMatchObject({ status: 400, message: { jsonrpc: '2.0' } });
    const large = await server.postRaw(`"${'x'.repeat(5_000_000)}"`, token);
    expect(large).toMatchObject({ status: 413, message: { error: { message: 'The body is too large.' } } });
  });
});
