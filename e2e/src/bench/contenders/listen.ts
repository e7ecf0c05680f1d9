import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { sayReady } from './loop.ts';

/** Listens on a free loopback port and tells the measuring process where. */
export async function listen(app: FastifyInstance): Promise<void> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  sayReady(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
}
