import { createAuditLog } from '@mcp-obo/audit';
import type { TokenExchange } from '@mcp-obo/exchange';
import { createLogger, createPlatformMetrics } from '@mcp-obo/telemetry';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import type { Meter } from '@opentelemetry/api';
import { buildApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';

export const resource = 'https://mcp.example/mcp';

/** Variables that are enough for a deployment. */
export const minimal = {
  MCP_RESOURCE: resource,
  OAUTH_ISSUER: 'https://idp.example',
  OBO_CLIENT_ID: 'expenses',
  OBO_CLIENT_SECRET: 'not-a-real-secret',
  DOWNSTREAM_URL: 'https://api.example',
};

export interface StartOptions {
  /** The settings file. */
  readonly file?: string;
  /** Called with each record of the audit; may throw, as a full disk does. */
  readonly onRecord?: (line: string) => void;
  /** Where metrics go. */
  readonly meter?: Meter;
}

/** The whole application with an issuer of its own; the network is a function. */
export async function startApp(env: Record<string, string> = {}, options: StartOptions = {}) {
  const issuer = createTestIssuer({ issuer: 'https://idp.example' });
  const served = await issuer.serve();
  const config = readConfig({
    env: { ...minimal, OAUTH_JWKS_URI: served.jwksUri, ...env },
    file: 'mcp-server.yaml',
    readText: () => options.file ?? '',
  });
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  let answer = () => Response.json({ expenses: [], seen: { user: 'user-1' } });
  const exchange: TokenExchange = {
    onBehalfOf: async ({ scopes }) => ({
      accessToken: `for ${scopes.join(' ')}`,
      tokenType: 'Bearer',
      expiresAt: 0,
      scopes,
      source: 'exchange',
    }),
    forMachine: async ({ scopes }) => ({
      accessToken: 'machine',
      tokenType: 'Bearer',
      expiresAt: 0,
      scopes,
      source: 'exchange',
    }),
    close: async () => undefined,
  };
  const records: string[] = [];
  const reports: unknown[] = [];
  const log: string[] = [];
  const app = await buildApp(config, {
    exchange,
    audit: createAuditLog({
      write: (line) => {
        options.onRecord?.(line);
        records.push(line);
      },
      now: Date.now,
      service: 'mcp-server',
    }),
    metrics: createPlatformMetrics(options.meter),
    fetch: async (url, init) => {
      asked.push({ url: String(url), init });
      return answer();
    },
    now: Date.now,
    log: createLogger({
      name: 'test',
      level: 'error',
      destination: { write: (line) => void log.push(line) },
    }),
    outbox: async (report) => void reports.push(report),
  });
  const send = async (payload: object | string, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/mcp',
      headers: {
        host: 'mcp.example',
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers,
      },
      payload,
    });
  const token = (claims: Readonly<Record<string, unknown>> = {}) =>
    issuer.mint({ roles: ['employee'], ...claims });
  const rpc = async (method: string, params: object, claims: Readonly<Record<string, unknown>> = {}) =>
    send({ jsonrpc: '2.0', id: 1, method, params }, { authorization: `Bearer ${await token(claims)}` });
  return {
    app,
    asked,
    records,
    reports,
    log,
    send,
    token,
    rpc,
    call: (name: string, args: object = {}, claims: Readonly<Record<string, unknown>> = {}) =>
      rpc('tools/call', { name, arguments: args }, claims),
    answerWith: (next: () => Response) => {
      answer = next;
    },
    close: async () => {
      await app.close();
      await served.close();
    },
  };
}

/** Parameters and headers of a request of 2026-07-28. */
export function modern(method: string, params: Readonly<Record<string, unknown>>) {
  const name = params.name ?? params.uri;
  return {
    params: {
      ...params,
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
    },
  };
}

/** The JSON-RPC message of an answer, whether it came as JSON or as an event stream. */
export function messageOf(response: { body: string }) {
  const data = response.body.split('\n').find((line) => line.startsWith('data: '));
  return JSON.parse(data === undefined ? response.body : data.slice(6));
}
