import type { Dispatcher } from 'undici';

/** A request that was judged and may be sent. */
export interface OutgoingRequest {
  readonly url: URL;
  readonly init: RequestInit;
}

/** As the dispatcher takes it; a body says what it is, as `fetch` has it (Fetch §"extract a body"). */
export async function dispatchable({ url, init }: OutgoingRequest): Promise<Dispatcher.DispatchOptions> {
  const headers = new Headers(init.headers);
  const body = await bodyOf(init.body, headers);
  for (const [name, value] of Object.entries(defaults)) if (!headers.has(name)) headers.set(name, value);
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: (init.method?.toUpperCase() ?? 'GET') as Dispatcher.HttpMethod,
    headers: Object.fromEntries(headers),
    body,
  };
}

const defaults = { accept: '*/*', 'user-agent': 'mcp-obo' } as const;

async function bodyOf(body: RequestInit['body'], headers: Headers): Promise<string | Uint8Array | null> {
  if (body === undefined || body === null) return null;
  if (body instanceof Uint8Array) return body;
  // The two that token requests have, without the streams of the others.
  if (typeof body === 'string') return ofType(headers, 'text/plain;charset=UTF-8', body);
  if (body instanceof URLSearchParams)
    return ofType(headers, 'application/x-www-form-urlencoded;charset=UTF-8', String(body));
  const read = new Response(body);
  const type = read.headers.get('content-type');
  const bytes = await read.bytes();
  return type === null ? bytes : ofType(headers, type, bytes);
}

function ofType<T>(headers: Headers, type: string, body: T): T {
  if (!headers.has('content-type')) headers.set('content-type', type);
  return body;
}
