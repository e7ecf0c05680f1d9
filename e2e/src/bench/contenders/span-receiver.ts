import { createServer } from 'node:http';
import { listenServer } from './loop.ts';

// An OTLP receiver that throws everything away, and says how many requests it had.
let requests = 0;
const server = createServer((request, response) => {
  requests++;
  request
    .resume()
    .once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
process.on('message', ({ ask }: { ask: string }) => {
  if (ask === 'requests') process.send?.({ answer: 'requests', value: requests });
});
listenServer(server);
