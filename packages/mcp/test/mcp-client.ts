import { expect } from 'vitest';

/** What a client of either protocol era does, as far as users are asked by links. */
export interface LinkClient {
  /** Tells what the client can show, where that is not said in every request. */
  readonly connect: (token: string, elicitation?: object) => Promise<void>;
  /** A call of the tool `read`; `requestState` comes from an earlier answer. */
  readonly call: (token: string, requestState?: string) => Promise<CallAnswer>;
}

export interface CallAnswer {
  readonly status: number;
  /** The link that the user is to open. */
  readonly url: string | undefined;
  readonly requestState: string | undefined;
  readonly text: string | undefined;
  readonly headers: Headers;
}

async function send(port: number, token: string, message: object, headers: Record<string, string>) {
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  });
  const text = await response.text();
  const data = text.split('\n').find((line) => line.startsWith('data: '));
  return { response, message: JSON.parse(data?.slice(6) ?? text) };
}

const params = { name: 'read', arguments: {} };

/** A client of 2025-11-25: says what it can at `initialize`, and is asked by the error -32042. */
export function legacyClient(port: number): LinkClient {
  const headers = { 'mcp-protocol-version': '2025-11-25' };
  return {
    async connect(token, elicitation = { url: {} }) {
      const clientInfo = { name: 'legacy', version: '1' };
      const initialize = { protocolVersion: '2025-11-25', capabilities: { elicitation }, clientInfo };
      const { response } = await send(port, token, { method: 'initialize', params: initialize }, headers);
      expect(response.status).toBe(200);
    },
    async call(token) {
      const { response, message } = await send(port, token, { method: 'tools/call', params }, headers);
      const [asked] = message.error?.code === -32042 ? message.error.data.elicitations : [];
      return {
        status: response.status,
        url: asked?.url,
        requestState: undefined,
        text: message.result?.content?.[0]?.text,
        headers: response.headers,
      };
    },
  };
}

/** A client of 2026-07-28: says what it can in every request, and is asked by an answer. */
export function modernClient(port: number): LinkClient {
  const headers = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': params.name,
  };
  let declared: object = {};
  return {
    async connect(_token, elicitation = { url: {} }) {
      declared = { elicitation };
    },
    async call(token, requestState) {
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'modern', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': declared,
      };
      const inputResponses = { interaction: { action: 'accept' } };
      const retried = requestState === undefined ? {} : { requestState, inputResponses };
      const request = { method: 'tools/call', params: { ...params, ...retried, _meta } };
      const { response, message } = await send(port, token, request, headers);
      return {
        status: response.status,
        url: message.result?.inputRequests?.interaction?.params.url,
        requestState: message.result?.requestState,
        text: message.result?.content?.[0]?.text,
        headers: response.headers,
      };
    },
  };
}
