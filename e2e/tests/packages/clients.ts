import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** A real client, with a token that somebody else obtained. */
export interface TokenClient {
  readonly protocolVersion: string | undefined;
  readonly tools: () => Promise<readonly string[]>;
  /** The text of a tool's answer. Rejects for an HTTP refusal. */
  readonly call: (name: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

export type Connect = (url: string, token: string) => Promise<TokenClient>;

const info = { name: 'mcp-obo-e2e', version: '0.1.0' };

export const connectV1: Connect = async (url, token) => {
  const client = new ClientV1(info);
  const transport = new TransportV1(new URL(url), { requestInit: bearer(token) });
  await client.connect(transport);
  return {
    protocolVersion: transport.protocolVersion,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name) => textOf(await client.callTool({ name })),
    close: () => client.close(),
  };
};

export const connectV2: Connect = async (url, token) => {
  const client = new ClientV2(info, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new TransportV2(new URL(url), { requestInit: bearer(token) }));
  return {
    protocolVersion: client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name) => textOf(await client.callTool({ name, arguments: {} })),
    close: () => client.close(),
  };
};

function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } };
}

function textOf({ content }: Record<string, unknown>): string {
  return (content as readonly { readonly text?: string }[]).map(({ text = '' }) => text).join('\n');
}
