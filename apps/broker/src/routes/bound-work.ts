import { OAuthError } from '@mcp-obo/oauth-error';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export interface BoundWorkOptions {
  /** Requests that are worked on at once. */
  readonly most: number;
}

/** Seconds after which a client that was turned away may ask again. */
const retryAfter = 1;

const tooMuch = new OAuthError('temporarily_unavailable', 'The broker has too much to do.', {
  reason: 'overloaded',
  retryAfter,
});

/**
 * Bounds the work of the routes of this plugin: a request above the bound is answered with 503
 * `temporarily_unavailable` and `Retry-After` at once, before its body is read and its client authenticated, so
 * that what has begun is finished. The log tells when that begins and when it is over, and not of each.
 */
export function boundWork(app: FastifyInstance, { most }: BoundWorkOptions): void {
  let running = 0;
  let refused = 0;

  function refuseAbove(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    if (running < most) return undefined;
    refused += 1;
    if (refused === 1) request.log.warn({ most }, 'too many requests at once; more are answered with 503');
    reply.header('retry-after', String(retryAfter)).header('connection', 'close');
    return reply.code(tooMuch.status).send(tooMuch.toBody());
  }

  function release(): void {
    running -= 1;
    if (refused === 0 || running > most * 0.8) return;
    app.log.warn({ refused }, 'requests are taken again');
    refused = 0;
  }

  app.addHook('onRequest', async (request, reply) => refuseAbove(request, reply));
  // A body that comes slowly is no work yet; when it is there, the place may be gone.
  app.addHook('preHandler', async (request, reply) => {
    const sent = refuseAbove(request, reply);
    if (sent !== undefined) return sent;
    running += 1;
    reply.raw.once('close', release);
    return undefined;
  });
}
