import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generic } from '@mcp-obo/idp-profile';
import { createGuardedFetch, type GuardedFetch } from '@mcp-obo/metadata';
import { afterEach, describe, expect, it } from 'vitest';
import { asked } from '../../test/connect-upstream.ts';
import { createUpstream } from './create-upstream.ts';

let server: Server | undefined;
let fetch: GuardedFetch | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await fetch?.close();
});

/** An upstream over real HTTP, to a server that answers every request like this. */
async function connect(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const listening = createServer(handler);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  fetch = createGuardedFetch({ allowLoopbackHttp: true, timeoutMs: 2000 });
  return createUpstream({
    issuer,
    tenant: 'acme',
    profile: generic,
    tokenEndpoint: `${issuer}/token`,
    credentials: { a: { kind: 'client_secret_basic', clientId: 'a', clientSecret: 's' } },
    fetch,
    timeoutMs: 300,
    now: Date.now,
    random: () => 'random',
  });
}

const json = { 'content-type': 'application/json' };

describe('over real HTTP, a token endpoint', () => {
  it('answers', async () => {
    const upstream = await connect((request, response) => {
      const { method, url, headers } = request;
      const sent = [method, url, headers['content-type']?.split(';')[0], headers.authorization];
      response
        .writeHead(200, json)
        .end(JSON.stringify({ access_token: sent.join(' '), token_type: 'Bearer' }));
    });
    const basic = Buffer.from('a:s').toString('base64');
    expect((await upstream.exchange(asked)).accessToken).toBe(
      `POST /token application/x-www-form-urlencoded Basic ${basic}`,
    );
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
    ['P04: that hangs after connect', () => undefined, 'temporarily_unavailable'],
    [
      'P04: that hangs after headers',
      (_request, response) => response.writeHead(200, json).flushHeaders(),
      'temporarily_unavailable',
    ],
    [
      'P04: that resets in mid-body',
      (_request, response) => {
        response.writeHead(200, { ...json, 'content-length': '1000' });
        response.write('{"access_token":', () => response.destroy());
      },
      'temporarily_unavailable',
    ],
    ['P04: that resets at once', (request) => request.socket.destroy(), 'temporarily_unavailable'],
    [
      'P02: that sends 10 MB',
      (_request, response) => {
        response.writeHead(200, json).end(`{"access_token":"${'x'.repeat(10_000_000)}"}`);
      },
      'bad_gateway',
    ],
    [
      'that redirects our credential elsewhere',
      (_request, response) => {
        response.writeHead(307, { location: 'http://127.0.0.1:9/token' }).end();
      },
      'bad_gateway',
    ],
  ])('%s is refused inside the deadline', async (_what, handler, code) => {
    const upstream = await connect(handler);
    await expect(upstream.exchange(asked)).rejects.toMatchObject({ code });
  });
});
