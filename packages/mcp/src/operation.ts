import { OAuthError } from '@mcp-obo/oauth-error';
import { declaresUrl } from './interaction/client-capability.ts';

/** What one JSON-RPC message asks for, as far as authorization is concerned. */
export interface Operation {
  readonly kind: 'tool' | 'resource' | 'prompt' | 'tool-list';
  /** Name of the tool or prompt, or URI of the resource; empty for a list. */
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** One message of a request body. */
export interface Message {
  readonly id: string | number | null;
  readonly method: string | undefined;
  readonly operation: Operation | undefined;
  /** Of `initialize` alone: whether the client can be asked to open a URL. */
  readonly elicitsUrl?: boolean;
}

/**
 * The messages of a parsed JSON-RPC body (a batch has several). What is decided here is what runs later,
 * so a body that two readers could understand differently is refused: member names that differ from the
 * protocol's by case alone (CVE-2026-27896).
 *
 * @throws OAuthError `invalid_request` for such a body.
 */
export function messagesOf(body: unknown): readonly Message[] {
  const list = Array.isArray(body) ? body : [body];
  return list.filter(isRecord).map(messageOf);
}

const methodOperations: Readonly<Record<string, { kind: Operation['kind']; member?: string }>> = {
  'tools/call': { kind: 'tool', member: 'name' },
  'tools/list': { kind: 'tool-list' },
  'resources/read': { kind: 'resource', member: 'uri' },
  'resources/subscribe': { kind: 'resource', member: 'uri' },
  'prompts/get': { kind: 'prompt', member: 'name' },
};

function messageOf(message: Readonly<Record<string, unknown>>): Message {
  refuseCaseVariants(message, ['jsonrpc', 'id', 'method', 'params']);
  const id = typeof message.id === 'string' || typeof message.id === 'number' ? message.id : null;
  const method = typeof message.method === 'string' ? message.method : undefined;
  return {
    id,
    method,
    operation: method === undefined ? undefined : operationOf(method, message.params),
    ...(method === 'initialize' && { elicitsUrl: declaresUrl(capabilitiesOf(message.params)) }),
  };
}

function capabilitiesOf(params: unknown): unknown {
  return isRecord(params) ? params.capabilities : undefined;
}

function operationOf(method: string, params: unknown): Operation | undefined {
  const shape = Object.hasOwn(methodOperations, method) ? methodOperations[method] : undefined;
  if (shape === undefined) return undefined;
  if (shape.member === undefined) return { kind: shape.kind, name: '', args: {} };
  const members = isRecord(params) ? params : {};
  refuseCaseVariants(members, ['name', 'uri', 'arguments', '_meta']);
  const name = members[shape.member];
  const args = isRecord(members.arguments) ? members.arguments : {};
  return { kind: shape.kind, name: typeof name === 'string' ? name : '', args };
}

function refuseCaseVariants(record: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const key of Object.keys(record)) {
    if (names.includes(key) || !names.includes(key.toLowerCase())) continue;
    throw new OAuthError('invalid_request', 'A member name differs from the protocol by case alone.', {
      reason: 'case_variant',
    });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
