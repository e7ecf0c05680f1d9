import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { callerOf, messageOf } from './fixture/answers.ts';
import { rawRequest, sendRaw } from './fixture/http.ts';
import { jsonHeaders, startResourceServer } from './fixture/resource-server.ts';

const bodyLimit = 100_000;
const server = await startResourceServer({
  issuers: [{ tenant: 'default' }],
  config: { body_limit_bytes: bodyLimit, request_timeout_seconds: 1 },
});
afterAll(server.close);
const token = server.remember(await server.issuer.mint());

const post = (headers: readonly string[], body = '') =>
  rawRequest(
    'POST /mcp HTTP/1.1',
    [
      `Host: 127.0.0.1:${server.port}`,
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Accept: ${jsonHeaders.accept}`,
      ...headers,
    ],
    body,
  );
const chunk = `1000\r\n${' '.repeat(0x1000)}\r\n`;

describe('a body without end', () => {
  it('R13 over the limit by its length: 413 before it is read', async () => {
    const answer = await sendRaw(server.port, post([`Content-Length: ${bodyLimit + 1}`]));
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: 'The body is too large.' },
    });
  });

  it('R13 in chunks as fast as they are taken: closed soon after the limit, nothing kept', async () => {
    const since = server.process.output().length;
    const answer = await sendRaw(server.port, post(['Transfer-Encoding: chunked']), { chunk, every: 0 });
    expect(await server.process.line('"msg":"request"', since)).toContain('"status":413');
    // What was written and not read stands in the buffers of both sockets.
    expect(answer.bytesWritten).toBeLessThan(20_000_000);
  });

  it('R13 one chunk now and then: 408, connection closed', async () => {
    const answer = await sendRaw(server.port, post(['Transfer-Encoding: chunked']), {
      chunk: '1\r\n \r\n',
      every: 100,
    });
    expect(answer.status).toBe(408);
  });

  it('R13 a header block that never ends: 408, connection closed', async () => {
    const answer = await sendRaw(server.port, `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`, {
      chunk: 'x: y\r\n',
      every: 100,
    });
    expect(answer.status).toBe(408);
  });

  it('R13 a length and chunks at once (request smuggling) is no request', async () => {
    const both = ['Content-Length: 5', 'Transfer-Encoding: chunked'];
    expect((await sendRaw(server.port, post(both, '0\r\n\r\n'))).status).toBe(400);
    const twice = ['Content-Length: 0', 'Content-Length: 44'];
    expect(
      (await sendRaw(server.port, post(twice, 'GET /mcp HTTP/1.1\r\nHost: evil.example\r\n\r\n'))).status,
    ).toBe(400);
  });
});

const modern = (version: string) => ({
  _meta: {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 'attacks', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
});
const headersFor = (name: string, more: Record<string, string> = {}) => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': name,
  ...more,
});
const callModern = (name: string, headers: Record<string, string>, version = '2026-07-28') =>
  server.rpc(token, 'tools/call', { name, arguments: {}, ...modern(version) }, headers);

describe('headers and body of 2026-07-28 that disagree', () => {
  it(verifies('rs:both-eras', 'R16 those that agree are served'), async () => {
    expect(callerOf(await callModern('whoami', headersFor('whoami'))).subject).toBe('user-1');
  });

  it.each([
    ['R15 Mcp-Name is allowed, the body calls a tool that is not', 'submit_expense', headersFor('whoami')],
    ['R15 Mcp-Name is allowed, the body calls a tool that is hidden', 'delete_expense', headersFor('whoami')],
    ['R15 Mcp-Name names another allowed tool', 'list_expenses', headersFor('whoami')],
    ['R15 Mcp-Method is harmless', 'whoami', headersFor('whoami', { 'mcp-method': 'tools/list' })],
    [
      'R16 MCP-Protocol-Version names another revision',
      'whoami',
      headersFor('whoami', { 'mcp-protocol-version': '2025-11-25' }),
    ],
    ['R16 MCP-Protocol-Version is missing', 'whoami', { 'mcp-method': 'tools/call', 'mcp-name': 'whoami' }],
  ])(verifies('rs:both-eras', '%s: -32020, nothing runs'), async (_case, tool, headers) => {
    const since = server.process.output().length;
    const answer = await callModern(tool, headers);
    expect({ status: answer.status, code: messageOf(answer).error.code }).toEqual({
      status: 400,
      code: -32020,
    });
    await server.process.line('"msg":"request"', since);
    expect(server.process.output().slice(since)).not.toContain('"type":"tool_call"');
  });

  it(verifies('rs:both-eras', 'R16 a revision nobody knows: UnsupportedProtocolVersionError'), async () => {
    const answer = await callModern(
      'whoami',
      headersFor('whoami', { 'mcp-protocol-version': '2099-01-01' }),
      '2099-01-01',
    );
    expect(answer.status).toBe(400);
    expect(messageOf(answer).error).toMatchObject({ code: -32022, data: { supported: ['2026-07-28'] } });
  });

  it(verifies('rs:both-eras', 'R16 clients of 2025 and every initialize go on working'), async () => {
    expect(
      callerOf(
        await server.rpc(
          token,
          'tools/call',
          { name: 'whoami', arguments: {} },
          { 'mcp-protocol-version': '2025-06-18' },
        ),
      ).subject,
    ).toBe('user-1');
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    };
    expect(messageOf(await server.rpc(token, 'initialize', params)).result.protocolVersion).toBe(
      '2025-11-25',
    );
  });
});

describe('a body that two readers could understand differently', () => {
  const call = '"jsonrpc":"2.0","id":1,"method":"tools/call"';
  it.each([
    ['a duplicate method', `{${call},"params":{"name":"whoami"},"method":"tools/list"}`],
    ['a duplicate tool name', `{${call},"params":{"name":"whoami","name":"submit_expense"}}`],
    [
      'a duplicate written with an escape',
      `{${call},"params":{"name":"whoami","n\\u0061me":"submit_expense"}}`,
    ],
    ['a method in other case', `{${call},"params":{"name":"whoami"},"Method":"tools/list"}`],
    ['a name in other case', `{${call},"params":{"name":"whoami","Name":"submit_expense"}}`],
    ['arguments in other case', `{${call},"params":{"name":"whoami","arguments":{},"Arguments":{"a":1}}}`],
    ['__proto__', `{${call},"params":{"name":"whoami","__proto__":{"name":"submit_expense"}}}`],
    [
      'constructor',
      `{${call},"params":{"name":"whoami","arguments":{"constructor":{"prototype":{"polluted":1}}}}}`,
    ],
    ['text behind the document', `{${call},"params":{"name":"whoami"}} {}`],
    ['nesting without end', `{${call},"params":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['a byte order mark', `\ufeff{${call},"params":{"name":"whoami"}}`],
    ['no JSON', 'name=whoami'],
  ])('R17 %s: 400, nothing runs', async (_case, body) => {
    const since = server.process.output().length;
    expect((await server.send({ headers: { authorization: `Bearer ${token}` }, body })).status).toBe(400);
    await server.process.line('"msg":"request"', since);
    expect(server.process.output().slice(since)).not.toContain('"type":"tool_call"');
  });
});

describe('resource URIs', () => {
  it.each([
    ['a template', 'expense://{a*}'],
    ['many templates', `expense://${'{a*}'.repeat(5000)}`],
    ['many slashes', `expense://${'a/'.repeat(10_000)}!`],
    ['many escapes', `expense://${'%2f'.repeat(10_000)}!`],
  ])('R21 %s in place of an id is no such resource, in linear time', async (_case, uri) => {
    const reader = await server.issuer.mint({ scope: 'mcp:resources expenses:read' });
    const answer = await server.rpc(reader, 'resources/read', { uri });
    expect(messageOf(answer).error).toMatchObject({ code: -32602 });
  });
});

it(verifies('op:redaction', 'R13 no part of any token of these requests is in log or audit'), () => {
  expect(server.leaks()).toEqual([]);
});
