import { parseStrictJson } from '@mcp-obo/validator';
import type { FastifyRequest } from 'fastify';

/** A body that cannot be read in one way only: not JSON, a member twice, `__proto__`, nesting without end. */
class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
  readonly statusCode = 400;
}

/** Content type parser for JSON: what is authorized and what is executed is one and the same object. */
export function readStrictJson(
  _request: FastifyRequest,
  text: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  const parsed = parseStrictJson(String(text));
  if (parsed.ok) done(null, parsed.value);
  else done(new UnreadableBody(parsed.problem));
}
