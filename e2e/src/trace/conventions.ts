import type { ReceivedSpan } from '@mcp-obo/platform/otlp';
import type { Trace, TraceNode } from './trace.ts';

interface Rule {
  /** What must hold, said so that "not" can stand before it. */
  readonly says: string;
  readonly applies: (span: ReceivedSpan) => boolean;
  readonly holds: (span: ReceivedSpan, node: TraceNode) => boolean;
}

const has = ({ attributes }: ReceivedSpan, ...names: string[]): boolean =>
  names.every((name) => attributes[name] !== undefined && attributes[name] !== '');
const statusOf = ({ attributes }: ReceivedSpan): number =>
  Number(attributes['http.response.status_code'] ?? 0);
const always = () => true;
const isHttp = (span: ReceivedSpan): boolean => has(span, 'http.request.method');
const isHttpClient = (span: ReceivedSpan): boolean => isHttp(span) && span.kind === 'client';
const isHttpServer = (span: ReceivedSpan): boolean => isHttp(span) && span.kind === 'server';
const isDatabase = (span: ReceivedSpan): boolean => has(span, 'db.system.name');
const isMcp = (span: ReceivedSpan): boolean => has(span, 'mcp.method.name');

/** Names of the time before the conventions were stable. */
const outdated =
  /^(?:http\.(?:method|url|target|host|scheme|status_code|flavor|user_agent|client_ip)|net\.(?:peer|host|sock)\..*|db\.(?:system|statement|name|operation|user|connection_string)|rpc\.(?:system|grpc\.status_code))$/;

/**
 * The semantic conventions of OpenTelemetry as far as these spans have to do with them: general and resource
 * (stable), HTTP (stable), database (stable), MCP (in development).
 */
const rules: readonly Rule[] = [
  {
    says: 'names service, version and SDK in its resource',
    applies: always,
    holds: ({ resource }) =>
      ['service.name', 'service.version', 'telemetry.sdk.name', 'telemetry.sdk.language'].every(
        (name) => typeof resource[name] === 'string' && resource[name] !== '',
      ) && !String(resource['service.name']).startsWith('unknown'),
  },
  {
    says: 'has an error.type exactly when it failed',
    applies: always,
    holds: (span) => span.failed === has(span, 'error.type'),
  },
  {
    says: 'uses none of the names of earlier conventions',
    applies: always,
    holds: ({ attributes }) => !Object.keys(attributes).some((name) => outdated.test(name)),
  },
  {
    says: 'begins after its parent',
    applies: always,
    // One clock in all processes of one machine, read with half a millisecond of rounding.
    holds: ({ start }, { parent }) => parent === undefined || start >= parent.span.start - 1,
  },
  {
    says: 'is a server span below a client span where it comes from another process',
    applies: always,
    holds: ({ service, kind }, { parent }) =>
      parent === undefined ||
      parent.span.service === service ||
      (kind === 'server' && parent.span.kind === 'client'),
  },
  {
    says: 'is named by the method, as no client knows routes',
    applies: isHttpClient,
    holds: ({ name, attributes }) => name === attributes['http.request.method'],
  },
  {
    says: 'has URL, server and the status of the answer, or why there was none',
    applies: isHttpClient,
    holds: (span) =>
      has(span, 'url.full', 'server.address', 'server.port') &&
      (has(span, 'http.response.status_code') || has(span, 'error.type')),
  },
  {
    says: 'fails on a status from 400 on, and then with it as error.type',
    applies: (span) => isHttpClient(span) && statusOf(span) > 0,
    holds: (span) =>
      span.failed === statusOf(span) >= 400 &&
      (!span.failed || span.attributes['error.type'] === String(statusOf(span))),
  },
  {
    says: 'is named by method and route',
    applies: isHttpServer,
    holds: ({ name, attributes }) =>
      name === `${attributes['http.request.method']} ${attributes['http.route'] ?? 'unmatched'}`,
  },
  {
    says: 'has path, scheme and status',
    applies: isHttpServer,
    holds: (span) => has(span, 'url.path', 'url.scheme', 'http.response.status_code'),
  },
  {
    says: 'fails on a status from 500 on and on no other',
    applies: isHttpServer,
    holds: (span) => span.failed === statusOf(span) >= 500,
  },
  {
    says: 'has no query in a URL',
    applies: isHttp,
    holds: ({ attributes }) =>
      attributes['url.query'] === undefined &&
      !/[?#]/.test(`${attributes['url.full'] ?? ''}${attributes['url.path'] ?? ''}`),
  },
  {
    says: 'is a client span, named by the operation, with the server, and without keys and values',
    applies: isDatabase,
    holds: (span) =>
      span.kind === 'client' &&
      span.name === span.attributes['db.operation.name'] &&
      has(span, 'server.address', 'server.port', 'db.namespace') &&
      !has(span, 'db.query.text'),
  },
  {
    says: 'is named by method and target, and is a client or a server span',
    applies: isMcp,
    holds: ({ name, kind, attributes }) => {
      const target = attributes['gen_ai.tool.name'] ?? attributes['gen_ai.prompt.name'];
      const method = String(attributes['mcp.method.name']);
      return (
        (kind === 'client' || kind === 'server') &&
        name === (target === undefined ? method : `${method} ${target}`)
      );
    },
  },
  {
    says: 'tells a tool call apart',
    applies: (span) => isMcp(span) && span.attributes['mcp.method.name'] === 'tools/call',
    holds: ({ attributes }) => attributes['gen_ai.operation.name'] === 'execute_tool',
  },
];

/** Every breach of a convention by a span of these services, in words. */
export function conventionProblems(
  { nodes }: Pick<Trace, 'nodes'>,
  services: ReadonlySet<string>,
): readonly string[] {
  return nodes
    .filter(({ span }) => services.has(span.service))
    .flatMap((node) =>
      rules
        .filter(({ applies, holds }) => applies(node.span) && !holds(node.span, node))
        .map(
          ({ says }) => `"${node.span.name}" (${node.span.kind}) of ${node.span.service} does not: ${says}`,
        ),
    );
}
