import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallContext } from '@mcp-obo/mcp';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { createExpensesApi } from './expenses-api.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** The client of an API that answers like this. */
async function apiOf(answer: RequestListener) {
  const server = createServer(answer);
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = createExpensesApi({ url, target: 'expenses-api', fetch, timeoutMs: 200 });
  const context = { downstreamToken: async () => 'token', signal: undefined } as Partial<CallContext>;
  return () => api(context as CallContext, { method: 'GET', path: '/expenses', scopes: [] });
}

const faults: readonly (readonly [string, RequestListener, string, number])[] = [
  ['never answers', () => undefined, 'temporarily_unavailable', 503],
  [
    'stops in the middle of an answer',
    (_request, response) => void response.writeHead(200).write('{"expenses":'),
    'temporarily_unavailable',
    503,
  ],
  ['hangs up', (request) => void request.socket.destroy(), 'temporarily_unavailable', 503],
  ['answers with a page', (_request, response) => void response.end('<html>'), 'bad_gateway', 502],
  ['answers with a list', (_request, response) => void response.end('[]'), 'bad_gateway', 502],
  [
    'sends elsewhere',
    (_request, response) => void response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
    'temporarily_unavailable',
    503,
  ],
];

describe('an API behind the tools', () => {
  it.each(faults)(
    verifies('tb:error-map', 'that %s is a fault of the platform, told in time'),
    async (_case, answer, code, status) => {
      const call = await apiOf(answer);
      await expect(call()).rejects.toMatchObject({ code, status });
    },
  );
});
