import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { startExpress, startFastify } from '../test/servers.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const toolsList = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });

describe.each([
  ['Fastify', startFastify],
  ['Express', startExpress],
] as const)('screening of requests on %s', (_, start) => {
  /** Sends `tools/list` with a good token, a request target and `Host` lines as given. */
  async function serve() {
    const server = await start((registrar) => {
      registrar.registerTool('read', { description: 'Reads' }, () => ({ content: [] }));
    });
    closers.push(server.close);
    const authorization = `Bearer ${await server.issuer.mint()}`;
    const here = `127.0.0.1:${server.port}`;
    return async (target: (here: string) => string, hosts: (here: string) => readonly string[]) => {
      const sent = httpRequest({
        host: '127.0.0.1',
        port: server.port,
        method: 'POST',
        path: target(here),
        agent: false,
        headers: [
          ...hosts(here).flatMap((host) => ['Host', host]),
          ...['Authorization', authorization, 'Accept', 'application/json, text/event-stream'],
          ...['Content-Type', 'application/json', 'Content-Length', String(toolsList.length)],
        ],
      });
      sent.end(toolsList);
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      return { status: answer.statusCode, body: await text(answer) };
    };
  }

  it('serves a request target in absolute form (RFC 9112 §3.2.2)', async () => {
    const send = await serve();
    const { status, body } = await send(
      (here) => `http://${here}/mcp`,
      (here) => [here],
    );
    expect([status, body.includes('"name":"read"')]).toEqual([200, true]);
  });

  it(verifies('rs:origin', 'takes the host of a request target before that of the header'), async () => {
    const send = await serve();
    const { status } = await send(
      () => 'http://evil.example/mcp',
      (here) => [here],
    );
    expect(status).toBe(403);
  });

  it(verifies('rs:origin', 'refuses two Host headers, whichever comes first (RFC 9112 §3.2)'), async () => {
    const send = await serve();
    for (const hosts of [
      (here: string) => [here, 'evil.example'],
      (here: string) => ['evil.example', here],
    ]) {
      const { status, body } = await send(() => '/mcp', hosts);
      expect([status, JSON.parse(body).error.data.error]).toEqual([400, 'invalid_request']);
    }
  });
});
