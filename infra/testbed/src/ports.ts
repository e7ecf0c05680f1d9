import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** A loopback TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** `count` different free loopback ports: all are held open until the last is known. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map(close));
  return ports;
}

/**
 * Below the range the system takes ports from for outgoing connections and for listeners that name none
 * (RFC 6335 §6, Linux from 32768): what is free now is not handed to somebody else meanwhile.
 */
const lowest = 15_000;
const highest = 32_000;

async function listen(): Promise<Server> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const server = await tryPort(randomInt(lowest, highest));
    if (server !== undefined) return server;
  }
  throw new Error(`No free port on 127.0.0.1 between ${lowest} and ${highest}.`);
}

function tryPort(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
