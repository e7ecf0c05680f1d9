import { createTestIssuer, type ServedIssuer } from '@mcp-obo/testbed/issuer';
import { startContender } from '../contender-process.ts';
import { httpRun, inTurn } from '../load.ts';
import type { Measurement, Stage } from '../measurement.ts';
import { startService } from '../service-process.ts';

/** What a server of this measurement is started with. */
export interface ToolCallData {
  readonly issuer: string;
  /** Canonical URL of the MCP endpoint. */
  readonly resource: string;
  readonly jwks: object;
}

const USERS = 100;
const resource = 'https://mcp.example/mcp';

/** The same tool of the same SDK on the same framework, with and without authorization; and the whole example server. */
export const toolCall: Measurement = {
  id: 'tool-call',
  title: `\`tools/call\` over HTTP (2026-07-28), a tool that calls nobody, ${USERS} users in turn`,
  contenders: [
    { id: 'open', label: 'SDK handler on Fastify, no authorization' },
    { id: 'guarded', label: 'the same behind `protectMcp`, tokens seen before' },
    { id: 'example', label: 'apps/mcp-server, `whoami`: also rate limit, metrics, audit file', quick: false },
  ],
  baseline: 'open',
  setUp: async (stage) => {
    const issuer = createTestIssuer({ issuer: 'https://idp.example/acme' });
    const tokens = await Promise.all(
      Array.from({ length: USERS }, (_, user) =>
        issuer.mint({ aud: resource, sub: `user-${user}`, exp: Math.floor(Date.now() / 1000) + 3600 }),
      ),
    );
    const calls = (tool: string) =>
      inTurn(tokens.map((token) => toolRequest(tool, token)) as [ReturnType<typeof toolRequest>]);
    const data: ToolCallData = { issuer: issuer.issuer, resource, jwks: issuer.jwks() };
    const own = (script: string) => async () => {
      const server = await startContender(stage, script, data);
      const isRight = (text: string) => text.includes('"hello"');
      return httpRun(stage, { url: `${await server.ready}/mcp`, next: calls('greeting'), isRight, server });
    };
    return {
      open: own('mcp-open.ts'),
      guarded: own('mcp-guarded.ts'),
      example: async () => {
        const served = await issuer.serve();
        stage.defer(served.close);
        const example = await startExample(stage, issuer.issuer, served);
        return httpRun(stage, {
          url: `${example.origin}/mcp`,
          next: calls('whoami'),
          isRight: (text) => text.includes('mcp:tools:execute'),
          server: example.server,
        });
      },
    };
  },
};

/** The example server, with an exchange that is configured and never asked. */
function startExample(stage: Stage, issuer: string, { url, jwksUri: jwks_uri }: ServedIssuer) {
  return startService(stage, 'mcp-server', ({ port, auditFile }) => ({
    listen: { host: '127.0.0.1', port },
    resource,
    issuers: [{ tenant: 'acme', issuer, jwks_uri }],
    exchange: { token_endpoint: `${url}/token`, client_id: 'mcp-server', client_secret: { value: 'unused' } },
    downstream: { url },
    // Counted for each call, and never reached.
    rate_limit_rpm: 1_000_000_000,
    audit_file: auditFile,
  }));
}

function toolRequest(tool: string, token: string) {
  const params = { name: tool, arguments: {}, _meta };
  return {
    headers: { ...headers, 'mcp-name': tool, authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  };
}

const headers = {
  host: 'mcp.example',
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
};

const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
