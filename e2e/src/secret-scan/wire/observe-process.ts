import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fieldsOf, type WireMessage } from './message.ts';

/** What undici, also that inside Node.js, tells of a request on its channels. */
interface ClientRequest {
  readonly origin: string | URL;
  readonly path: string;
  readonly method: string;
  readonly headers: readonly string[] | string;
}

interface Observed {
  readonly sent: Buffer[];
  readonly received: Buffer[];
  status: number;
  fields: readonly (string | Buffer)[];
}

/**
 * Sees every HTTP exchange of this process by the channels that Node.js and undici report on: requests it
 * makes with their bodies, requests it serves without. Answers a function that ends it.
 */
export function observeProcess(see: (message: WireMessage) => void): () => void {
  const requests = new WeakMap<object, Observed>();
  const of = (request: object): Observed => {
    const known = requests.get(request) ?? { sent: [], received: [], status: 0, fields: [] };
    requests.set(request, known);
    return known;
  };
  const finished = (request: ClientRequest) => {
    const { sent, received, status, fields } = of(request);
    const headers = typeof request.headers === 'string' ? [] : request.headers;
    requests.delete(request);
    see({
      method: request.method,
      url: new URL(request.path, request.origin).href,
      requestFields: fieldsOf(headers),
      requestBody: Buffer.concat(sent).toString('latin1'),
      status,
      responseFields: fieldsOf(fields),
      responseBody: Buffer.concat(received).toString('latin1'),
    });
  };
  const served = (request: IncomingMessage, response: ServerResponse) => {
    see({
      method: request.method ?? '',
      url: new URL(request.url ?? '/', 'http://served').href,
      requestFields: fieldsOf(request.rawHeaders),
      requestBody: '',
      status: response.statusCode,
      responseFields: Object.entries(response.getHeaders()).flatMap(([name, value]) =>
        [value ?? []].flat().map((one) => [name, String(one)] as const),
      ),
      responseBody: '',
    });
  };
  // biome-ignore lint/suspicious/noExplicitAny: each channel has a message of its own, which has no type.
  const channels: Readonly<Record<string, (message: any) => void>> = {
    'undici:request:bodyChunkSent': ({ request, chunk }) => of(request).sent.push(Buffer.from(chunk)),
    'undici:request:headers': ({ request, response }) => {
      Object.assign(of(request), { status: response.statusCode, fields: response.headers });
    },
    'undici:request:bodyChunkReceived': ({ request, chunk }) => of(request).received.push(Buffer.from(chunk)),
    'undici:request:trailers': ({ request }) => finished(request),
    'undici:request:error': ({ request }) => finished(request),
    'http.server.response.finish': ({ request, response }) => served(request, response),
  };
  for (const [name, listener] of Object.entries(channels)) subscribe(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(channels)) unsubscribe(name, listener);
  };
}
