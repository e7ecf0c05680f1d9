import { type AuthSession, createAuthSession } from '@mcp-obo/client';
import { createTransport as createTransportV1 } from '@mcp-obo/client/sdk-v1';
import { createTransport as createTransportV2 } from '@mcp-obo/client/sdk-v2';
import type { LoginBrowser } from '@mcp-obo/dev-idp/login';
import { injectTraceMeta, withSpan } from '@mcp-obo/telemetry';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SpanKind } from '@opentelemetry/api';

/** The result of a tool call, as a person at a client sees it. */
export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A user with an MCP client and a browser. */
export interface Person {
  readonly username: string;
  readonly session: AuthSession;
  /** How often the login page was visited. */
  readonly visits: () => number;
  /** Pages that were shown at the last visit. */
  readonly pages: () => readonly string[];
  readonly protocolVersion: () => string | undefined;
  readonly tools: () => Promise<readonly string[]>;
  readonly call: (tool: string, args?: Record<string, unknown>) => Promise<ToolAnswer>;
  readonly close: () => Promise<void>;
}

export interface PersonOptions {
  readonly serverUrl: string;
  readonly issuer: string;
  readonly username: string;
  readonly password: string;
  readonly sdk: 'v1' | 'v2';
  /** The person's browser; it must know the pages of the issuer. */
  readonly browser: LoginBrowser;
}

const clientInfo = { name: 'mcp-obo-demo', version: '0.1.0' };

/** A client that knows the server's URL only; it registers, logs in by the page, and connects. */
export async function connectPerson({
  serverUrl,
  issuer,
  username,
  password,
  sdk,
  browser,
}: PersonOptions): Promise<Person> {
  let visits = 0;
  const session = createAuthSession({
    serverUrl,
    issuer,
    clientMetadata: { client_name: `mcp-obo demo (${sdk})` },
    openBrowser: async (url) => {
      visits += 1;
      const back = await browser.authorize({ authorizationUrl: url, username, password });
      await fetch(back);
    },
  });
  const client = sdk === 'v2' ? await connectV2(session) : await connectV1(session);
  return {
    username,
    session,
    visits: () => visits,
    pages: () => browser.pages,
    protocolVersion: client.protocolVersion,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args = {}) =>
      withSpan(
        `tools/call ${name}`,
        {
          'mcp.method.name': 'tools/call',
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': name,
        },
        async () => answerOf(await client.callTool({ name, arguments: args, _meta: injectTraceMeta() })),
        { kind: SpanKind.CLIENT },
      ),
    close: client.close,
  };
}

async function connectV2(session: AuthSession) {
  const client = new ClientV2(clientInfo, { versionNegotiation: { mode: 'auto' } });
  await client.connect(createTransportV2(session));
  return {
    listTools: () => client.listTools(),
    callTool: (params: {
      name: string;
      arguments: Record<string, unknown>;
      _meta: Record<string, unknown>;
    }) => client.callTool(params),
    protocolVersion: () => client.getNegotiatedProtocolVersion(),
    close: () => client.close(),
  };
}

async function connectV1(session: AuthSession) {
  const client = new ClientV1(clientInfo);
  const transport = createTransportV1(session);
  await client.connect(transport);
  return {
    listTools: () => client.listTools(),
    callTool: (params: {
      name: string;
      arguments: Record<string, unknown>;
      _meta: Record<string, unknown>;
    }) => client.callTool(params),
    protocolVersion: () => transport.protocolVersion,
    close: () => client.close(),
  };
}

/** What a person sees of a result. */
export function answerOf(result: Record<string, unknown>): ToolAnswer {
  const content = Array.isArray(result.content) ? (result.content as { type: string; text?: string }[]) : [];
  const data = result.structuredContent;
  return {
    isError: result.isError === true,
    text: content.map(({ text }) => text ?? '').join('\n'),
    data: typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {},
  };
}
