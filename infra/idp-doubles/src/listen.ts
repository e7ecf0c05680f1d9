import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance } from 'fastify';
import type { LoopbackCertificate } from './certificate.ts';

/** A server without routes that reads form bodies and answers nothing that a cache may keep. */
export async function createServer(certificate?: LoopbackCertificate): Promise<FastifyInstance> {
  const server = (certificate === undefined
    ? fastify()
    : fastify({ https: certificate })) as unknown as FastifyInstance;
  await server.register(formbody);
  server.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store, no-cache');
  });
  return server;
}

/** Listens on `127.0.0.1` alone. Resolves with the origin, without a trailing slash. */
export async function listenOnLoopback(server: FastifyInstance, port = 0): Promise<string> {
  return await server.listen({ host: '127.0.0.1', port });
}
