import { isErrorCode, scrubText, scrubUrl } from './scrub-text.ts';
import { isSensitiveMember, privateJwkMembers, REDACTED } from './sensitive.ts';

const MAX_DEPTH = 8;
const MAX_ITEMS = 100;

/**
 * A copy of any value that is safe to write down: plain data, bounded in depth and size, without cycles,
 * every string through {@link scrubText}, every member with the name of a credential replaced. Errors
 * keep type, message, code and cause, and those that may be bugs their stack. Never throws and never changes its argument.
 */
export function scrub(value: unknown): unknown {
  return walk(value, 0, new Set());
}

function walk(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value)) return '[circular]';
  if (depth >= MAX_DEPTH) return '[deep]';
  above.add(value);
  try {
    return walkObject(value, depth + 1, above);
  } catch {
    return '[unreadable]';
  } finally {
    above.delete(value);
  }
}

function walkObject(value: object, depth: number, above: Set<object>): unknown {
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => walk(item, depth, above));
  if (value instanceof Error) return walkError(value, depth, above);
  if (value instanceof URL) return scrubUrl(value.href);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return walkMembers(value, value, depth, above);
  if (value instanceof Set) return [...value].slice(0, MAX_ITEMS).map((item) => walk(item, depth, above));
  if (isRequest(value)) return { method: value.method, url: scrubUrl(value.url) };
  if (isReply(value)) return { statusCode: value.statusCode };
  return walkMembers(value, Object.entries(value), depth, above);
}

function walkMembers(
  owner: object,
  entries: Iterable<[unknown, unknown]>,
  depth: number,
  above: Set<object>,
): Record<string, unknown> {
  const isJwk = 'kty' in owner;
  const out: [string, unknown][] = [];
  for (const [key, member] of entries) {
    if (out.length === MAX_ITEMS) break;
    const name = String(key);
    const secret = member !== undefined && (isSecret(name, member) || (isJwk && privateJwkMembers.has(name)));
    out.push([scrubText(name), secret ? REDACTED : walk(member, depth, above)]);
  }
  return Object.fromEntries(out);
}

function walkError(error: Error, depth: number, above: Set<object>): Record<string, unknown> {
  const { name, message, stack, cause, command, ...members } = error as Error & { command?: unknown };
  const own = error as { errors?: unknown };
  return {
    ...walkMembers(error, Object.entries(members), depth, above),
    ...(command !== undefined && { command: walk(nameOf(command), depth, above) }),
    type: name || error.constructor.name,
    message: scrubText(message),
    ...(Array.isArray(own.errors) && { errors: walk(own.errors, depth, above) }),
    ...(stack !== undefined && !isExpected(members) && { stack: scrubText(stack) }),
    ...(cause !== undefined && { cause: walk(cause, depth, above) }),
  };
}

/** The command of a driver's error without its arguments: those of Redis' AUTH are a password. */
function nameOf(command: unknown): unknown {
  return typeof command === 'object' && command !== null && 'name' in command ? command.name : undefined;
}

/**
 * What the world does (the network, the file system) or a refusal with a reason of its own: where in the code it
 * came up says nothing. A `server_error` may be a bug.
 */
function isExpected({
  code,
  syscall,
  reason,
}: {
  code?: unknown;
  syscall?: unknown;
  reason?: unknown;
}): boolean {
  return typeof syscall === 'string' || (typeof reason === 'string' && code !== 'server_error');
}

/** `code` is an authorization code or the code of an error; every other name decides by itself. */
function isSecret(name: string, member: unknown): boolean {
  return name === 'code' ? typeof member === 'string' && !isErrorCode(member) : isSensitiveMember(name);
}

/** An HTTP request of Node or Fastify: the line is enough, headers and body are not for logs. */
function isRequest(value: object): value is { method: string; url: string } {
  const { method, url, headers } = value as Record<string, unknown>;
  return typeof method === 'string' && typeof url === 'string' && typeof headers === 'object';
}

function isReply(value: object): value is { statusCode: number } {
  const { statusCode, getHeader } = value as Record<string, unknown>;
  return typeof statusCode === 'number' && typeof getHeader === 'function';
}
