import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TokenEndpointData } from '../measurements/token-endpoint.ts';
import { sayReady, startData } from './loop.ts';

// An identity provider that takes no time: one signed token, given to everybody. What counts is the broker's work.
const { jwks, answer } = startData<TokenEndpointData>();
const documents = { GET: JSON.stringify(jwks), POST: JSON.stringify(answer) };
let exchanges = 0;

const server = createServer((request, response) => {
  const method = request.method === 'POST' ? 'POST' : 'GET';
  if (method === 'POST') exchanges++;
  request.resume().once('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(documents[method]);
  });
});
server.listen(0, '127.0.0.1', () => {
  sayReady(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('message', ({ ask }: { ask: string }) => {
  if (ask === 'exchanges') process.send?.({ answer: 'exchanges', value: exchanges });
});
