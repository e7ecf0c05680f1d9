import type { FastifyReply } from 'fastify';

/** An answer given word for word in place of the double's own, for faults no vendor documents (HTML, truncated JSON). */
export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends a raw answer. */
export function sendRaw(reply: FastifyReply, answer: RawAnswer): FastifyReply {
  return reply
    .code(answer.status)
    .headers({ 'content-type': 'application/json', ...answer.headers })
    .send(answer.body);
}
