import type { IncomingMessage, ServerResponse } from 'node:http';
import { withSpan } from '@mcp-obo/telemetry';
import { context, propagation, SpanKind } from '@opentelemetry/api';

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Answers inside a server span that continues the caller's trace (W3C Trace Context). Health checks make none. */
export function traced(handle: Handler): Handler {
  return (request, response) => {
    if (request.url === '/health') return handle(request, response);
    const name = `${request.method} ${routeOf(request.url ?? '/')}`;
    const settings = {
      parent: propagation.extract(context.active(), request.headers),
      kind: SpanKind.SERVER,
    };
    const attributes = { 'http.request.method': request.method ?? '' };
    return withSpan(
      name,
      attributes,
      async (span) => {
        await handle(request, response);
        span.setAttribute('http.response.status_code', response.statusCode);
      },
      settings,
    );
  };
}

/** Tenant and endpoint; what comes after names one login and would make every span another route. */
function routeOf(url: string): string {
  const [path = ''] = url.split('?');
  return path.split('/').slice(0, 3).join('/');
}
