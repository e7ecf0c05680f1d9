import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenEndpointData } from '../measurements/token-endpoint.ts';
import { listenServer, startData } from './loop.ts';

// Identity providers that take no time: one signed token, given to everybody. What counts is the broker's work.
const issuers = startData<TokenEndpointData>();
const requests: Record<string, number> = {};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, name = ''] = (request.url ?? '').split('/');
  const issuer = issuers[name];
  const keys = request.method === 'GET';
  const count = `${keys ? 'keys' : 'tokens'} ${name}`;
  requests[count] = (requests[count] ?? 0) + 1;
  if (keys && issuer?.keysAfterMs !== undefined) await sleep(issuer.keysAfterMs);
  const refused = issuer === undefined || (!keys && issuer.answer === undefined);
  response.writeHead(refused ? 400 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(refused ? { error: 'invalid_grant' } : keys ? issuer.jwks : issuer.answer));
}

const server = createServer((request, response) => {
  request.resume().once('end', () => void answer(request, response));
});
process.on('message', ({ ask }: { ask: string }) => {
  if (ask === 'requests') process.send?.({ answer: 'requests', value: requests });
});
listenServer(server);
