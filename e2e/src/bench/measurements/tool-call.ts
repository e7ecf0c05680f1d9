import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { startContender } from '../contender-process.ts';
import { httpRun, inTurn } from '../load.ts';
import type { Measurement } from '../measurement.ts';

/** What a server of this measurement is started with. */
export interface ToolCallData {
  readonly issuer: string;
  /** Canonical URL of the MCP endpoint. */
  readonly resource: string;
  readonly jwks: object;
}

const USERS = 100;

/** The same tool of the same SDK on the same framework, with and without authorization. */
export const toolCall: Measurement = {
  id: 'tool-call',
  title: `\`tools/call\` over HTTP (2026-07-28), a tool that calls nobody, ${USERS} users in turn`,
  contenders: [
    { id: 'open', label: 'SDK handler on Fastify, no authorization' },
    { id: 'guarded', label: 'the same behind `protectMcp`, tokens seen before' },
  ],
  baseline: 'open',
  setUp: async (stage) => {
    const issuer = createTestIssuer({ issuer: 'https://idp.example/acme' });
    const resource = 'https://mcp.example/mcp';
    const data: ToolCallData = { issuer: issuer.issuer, resource, jwks: issuer.jwks() };
    const tokens = await Promise.all(
      Array.from({ length: USERS }, (_, user) =>
        issuer.mint({ aud: resource, sub: `user-${user}`, exp: Math.floor(Date.now() / 1000) + 3600 }),
      ),
    );
    const requests = tokens.map((token) => ({
      headers: { ...headers, authorization: `Bearer ${token}` },
      body,
    }));
    const next = inTurn(requests as [(typeof requests)[0]]);
    const isRight = (text: string) => text.includes('"hello"');
    const open = await startContender(stage, 'mcp-open.ts', data);
    const guarded = await startContender(stage, 'mcp-guarded.ts', data);
    return {
      open: httpRun(stage, { url: `${await open.ready}/mcp`, next, isRight, server: open }),
      guarded: httpRun(stage, { url: `${await guarded.ready}/mcp`, next, isRight, server: guarded }),
    };
  },
};

const headers = {
  host: 'mcp.example',
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'greeting',
};

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'greeting',
    arguments: {},
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});
