import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { decodeTraceRequest } from './otlp-protobuf.ts';
import { type ReceivedSpan, readSpans } from './otlp-span.ts';

export type { ReceivedSpan } from './otlp-span.ts';

/**
 * A small OTLP/HTTP receiver (JSON and protobuf) that keeps spans in memory, to read a trace back: in this
 * process, or as JSON at `GET /spans`.
 */
export interface OtlpReceiver {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to. */
  readonly url: string;
  /** All spans received, in order of arrival. */
  readonly spans: () => readonly ReceivedSpan[];
  /** Resolves when the predicate holds of the spans; rejects after `timeout` milliseconds. */
  readonly waitFor: (
    predicate: (spans: readonly ReceivedSpan[]) => boolean,
    timeout?: number,
  ) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The spans that a receiver in another process has, in order of arrival. */
export async function readRemoteSpans(receiverUrl: string): Promise<readonly ReceivedSpan[]> {
  return (await (await fetch(`${receiverUrl}/spans`)).json()) as readonly ReceivedSpan[];
}

const MAX_BODY = 16 * 1024 * 1024;
const MAX_SPANS = 50_000;

/** Starts the receiver on 127.0.0.1; port 0 takes a free one. Metrics and logs are accepted and dropped. */
export async function startOtlpReceiver({
  port = 0,
}: {
  readonly port?: number;
} = {}): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    if (request.method === 'GET' && request.url === '/spans') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(spans));
      return;
    }
    const type = mediaType(request);
    const encoding = encodings.get(type);
    const status = encoding === undefined ? 415 : await receive(request, encoding.read, spans);
    response.writeHead(status, { 'content-type': type }).end(encoding?.answer);
    for (const check of waiting) check();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Error(`The OTLP receiver cannot listen on 127.0.0.1:${port}.`, { cause })),
    );
    server.listen(port, '127.0.0.1', resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => [...spans],
    waitFor: (predicate, timeout = 10_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`The spans that were waited for did not come within ${timeout} ms.`));
        }, timeout);
        const check = () => {
          if (!predicate(spans)) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** How a request is read, and what an empty answer looks like (OTLP specification, OTLP/HTTP). */
const encodings: ReadonlyMap<string, { read: (body: Buffer) => unknown; answer: string }> = new Map([
  ['application/json', { read: (body: Buffer) => JSON.parse(body.toString('utf8')), answer: '{}' }],
  ['application/x-protobuf', { read: decodeTraceRequest, answer: '' }],
]);

function mediaType({ headers }: IncomingMessage): string {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
}

async function receive(
  request: IncomingMessage,
  read: (body: Buffer) => unknown,
  spans: ReceivedSpan[],
): Promise<number> {
  if (request.method !== 'POST') return 405;
  const body = await readBody(request);
  if (body === undefined) return 413;
  if (request.url !== '/v1/traces') return request.url?.startsWith('/v1/') ? 200 : 404;
  try {
    const zipped = request.headers['content-encoding'] === 'gzip';
    spans.push(...readSpans(read(zipped ? gunzipSync(body, { maxOutputLength: MAX_BODY }) : body)));
  } catch {
    return 400;
  }
  spans.splice(0, spans.length - MAX_SPANS);
  return 200;
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
