import type { Platform } from '@mcp-obo/platform';
import type { ReceivedSpan } from '@mcp-obo/platform/otlp';
import { ancestry, type TraceNode } from '../trace/trace.ts';

/** Where a step failed. */
export interface Hop {
  /** The hop by its name in the flow. */
  readonly hop: 'login' | 'mcp-server' | 'exchange' | 'downstream';
  /** The span where it began, in words. */
  readonly where: string;
}

/**
 * Which hop a failed span belongs to: by the process it is of, and for a request by the process it went to.
 * What fails at the identity provider belongs to whoever asked it.
 */
export function hopOf(failed: TraceNode, urls: Platform['urls']): Hop {
  const span = askerOf(failed);
  const url = String(span.attributes['url.full'] ?? '');
  const peer = span.kind === 'client' ? peerOf(url, urls) : undefined;
  const reason = span.attributes['mcp_obo.reason'] ?? span.attributes['error.type'];
  const at = peer === undefined ? span.service : `${span.service} → ${peer}`;
  return {
    hop: hops[`${span.service} ${peer ?? ''}`] ?? hops[span.service] ?? 'mcp-server',
    where: `${at}: ${span.name}${reason === undefined ? '' : ` (${String(reason)})`}`,
  };
}

const hops: Readonly<Record<string, Hop['hop']>> = {
  'mcp-client dev-idp': 'login',
  'dev-idp': 'login',
  keycloak: 'login',
  'mcp-server broker': 'exchange',
  'mcp-server downstream-api': 'downstream',
  broker: 'exchange',
  'downstream-api': 'downstream',
};

function peerOf(url: string, urls: Platform['urls']): string {
  if (url.startsWith(urls.mcp)) return 'mcp-server';
  if (url.startsWith(urls.downstream)) return 'downstream-api';
  if (url.startsWith(urls.idp)) return 'dev-idp';
  // The token endpoint, also when it is configured where no broker is.
  return url.startsWith(urls.broker) || url.endsWith('/token') ? 'broker' : url;
}

const identityProviders: ReadonlySet<string> = new Set(['dev-idp', 'keycloak']);

function askerOf(failed: TraceNode): ReceivedSpan {
  const asker = ancestry(failed).find(({ span }) => !identityProviders.has(span.service));
  return (asker ?? failed).span;
}
