import { discoverAuthorizationServer } from '@mcp-obo/metadata';
import { injectTraceMeta } from '@mcp-obo/telemetry';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { answerOf, type ToolAnswer } from './person.ts';

/** A registration that acts for itself. */
export interface MachineRegistration {
  readonly client_id: string;
  readonly client_secret: string;
  readonly issuer: string;
}

/** An MCP client of a machine: client credentials (RFC 6749 §4.4) for the MCP server, and no user. */
export async function connectMachine(serverUrl: string, registration: MachineRegistration) {
  const token = await clientCredentials(serverUrl, registration);
  const client = new Client(
    { name: 'nightly-job', version: '0.1.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(serverUrl), { requestInit }));
  return {
    call: async (name: string): Promise<ToolAnswer> =>
      answerOf(await client.callTool({ name, arguments: {}, _meta: injectTraceMeta() })),
    close: () => client.close(),
  };
}

async function clientCredentials(
  resource: string,
  { client_id, client_secret, issuer }: MachineRegistration,
): Promise<string> {
  const server = await discoverAuthorizationServer(issuer, { fetch });
  const basic = Buffer.from(`${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`).toString(
    'base64',
  );
  const response = await fetch(server.token_endpoint ?? '', {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource,
      scope: 'mcp:tools:execute expenses:totals',
    }),
  });
  if (!response.ok)
    throw new Error(`The identity provider refuses the nightly job (HTTP ${response.status}).`);
  return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
}
