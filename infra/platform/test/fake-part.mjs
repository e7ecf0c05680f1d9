// A process for the tests of parts: what it does is in its configuration file.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { port, exitCode, deaf } = JSON.parse(readFileSync(process.argv[3], 'utf8'));
process.stdout.write('{"msg":"starting"}\n');
if (exitCode !== undefined) {
  process.stderr.write('the setting x is wrong\n');
  process.exit(exitCode);
}
if (deaf) process.on('SIGTERM', () => {});
const server = createServer((request, response) =>
  response.writeHead(request.url === '/health' ? 200 : 404).end(),
);
server.listen(port, '127.0.0.1');
