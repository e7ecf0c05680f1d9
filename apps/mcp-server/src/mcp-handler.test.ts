import type { CatalogueHandlers } from '@mcp-obo/mcp';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { messageOf, modern, startApp } from '../test/fixture.ts';
import { createHandler } from './mcp-handler.ts';
import { createMcpSpan } from './mcp-span.ts';

const secret = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const bare = { code: -32603, message: 'The request could not be served.' };

const methods = [
  ['tools/list', {}],
  ['tools/call', { name: 'whoami', arguments: {} }],
  ['resources/templates/list', {}],
  ['resources/read', { uri: 'expense://exp-1' }],
  ['prompts/list', {}],
  ['prompts/get', { name: 'review_expenses', arguments: {} }],
] as const;

const eras = [
  ['2025-11-25', (_method: string, params: object) => ({ params, headers: {} })],
  ['2026-07-28', modern],
] as const;

describe.each(eras)('an error that nobody planned, for a client of %s', (_era, request) => {
  it.each(methods)(
    verifies('op:redaction', 'in %s is a bare internal error on the wire, and its cause is reported'),
    async (method, parameters) => {
      const planted = new Error(`cannot read Bearer ${secret}`);
      const broken = () => {
        throw planted;
      };
      const handlers: CatalogueHandlers = {
        listTools: broken,
        callTool: broken,
        listResourceTemplates: broken,
        readResource: broken,
        listPrompts: broken,
        getPrompt: broken,
      };
      const faults: unknown[] = [];
      const handler = createHandler({
        guard: { reportFault: (error) => void faults.push(error) },
        handlers,
        inSpan: createMcpSpan([]),
        name: 'test',
        version: '1',
        onerror: () => undefined,
      });
      const { params, headers } = request(method, parameters);
      const response = await handler.fetch(
        new Request('https://mcp.example/mcp', {
          method: 'POST',
          headers: {
            accept: 'application/json, text/event-stream',
            'content-type': 'application/json',
            ...headers,
          },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        }),
      );
      expect(messageOf({ body: await response.text() })).toEqual({ jsonrpc: '2.0', id: 1, error: bare });
      expect(faults).toEqual([planted]);
      await handler.close();
    },
  );

  it.each([
    ['tools/call', { name: 'whoami', arguments: {} }, { result: { isError: true } }],
    ['resources/read', { uri: 'expense://exp-1' }, { error: bare }],
    ['prompts/get', { name: 'review_expenses', arguments: {} }, { error: bare }],
  ])(
    verifies('op:redaction', 'as when no audit can be written: %s says nothing of it, the log does'),
    async (method, parameters, answer) => {
      const server = await startApp({}, { onRecord });
      try {
        const { params, headers } = request(method, parameters);
        const response = await server.send(
          { jsonrpc: '2.0', id: 1, method, params },
          { authorization: `Bearer ${await server.token({ scope: everything })}`, ...headers },
        );
        expect(messageOf(response)).toMatchObject(answer);
        expect(response.body).not.toMatch(/disk|eyJ/);
        expect(server.log.map((line) => JSON.parse(line))).toMatchObject([
          { msg: 'unexpected error', err: { message: expect.stringContaining('no space left on the disk') } },
        ]);
        expect(server.log.join('')).not.toContain(secret);
      } finally {
        await server.close();
      }
    },
  );
});

const everything = 'mcp:tools:execute mcp:resources mcp:prompts expenses:read';

function onRecord(): void {
  throw new Error(`no space left on the disk for Bearer ${secret}`);
}
