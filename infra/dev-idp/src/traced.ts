import type { IncomingMessage, ServerResponse } from 'node:http';
import { withSpan } from '@mcp-obo/telemetry';
import { type Attributes, context, propagation, SpanKind } from '@opentelemetry/api';

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Answers inside a server span that continues the caller's trace (W3C Trace Context, HTTP semantic
 * conventions). Health checks make none.
 */
export function traced(handle: Handler): Handler {
  return (request, response) => {
    if (request.url === '/health') return handle(request, response);
    const route = routeOf(request.url ?? '/');
    const settings = {
      parent: propagation.extract(context.active(), request.headers),
      kind: SpanKind.SERVER,
    };
    return withSpan(
      `${request.method} ${route}`,
      attributesOf(request, route),
      async (span) => {
        await handle(request, response);
        span.setAttribute('http.response.status_code', response.statusCode);
      },
      settings,
    );
  };
}

function attributesOf(request: IncomingMessage, route: string): Attributes {
  const host = URL.parse(`http://${request.headers.host ?? ''}`);
  return {
    'http.request.method': request.method ?? '',
    'http.route': route,
    // The rest of the path names one login: it stays out.
    'url.path': route,
    'url.scheme': 'http',
    ...(host !== null && { 'server.address': host.hostname, 'server.port': Number(host.port || 80) }),
    'network.protocol.version': request.httpVersion,
  };
}

/** Tenant and endpoint; what comes after names one login and would make every span another route. */
function routeOf(url: string): string {
  const [path = ''] = url.split('?');
  return path.split('/').slice(0, 3).join('/');
}
