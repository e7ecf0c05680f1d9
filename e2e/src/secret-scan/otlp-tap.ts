import { appendFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Stands before an OTLP receiver and keeps every export as it came: names, attributes, resources, all. */
export interface OtlpTap {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Starts it; each export is one line of the file, bytes as Latin-1 in JSON. */
export async function startOtlpTap(file: string, receiver: string | undefined): Promise<OtlpTap> {
  const working = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const work = keep(request, response).finally(() => working.delete(work));
    working.add(work);
  });

  async function keep(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => undefined);
    if (body === undefined) return void response.destroy();
    const { url: path = '/', headers } = request;
    const text = body.toString('latin1');
    appendFileSync(file, `${JSON.stringify({ place: `OTLP export ${path} of ${serviceIn(text)}`, text })}\n`);
    const forwarded =
      receiver === undefined ? undefined : await forward(new URL(path, receiver), headers, body);
    response
      .writeHead(forwarded?.status ?? 200, { 'content-type': 'application/json' })
      .end(forwarded?.answer ?? '{}');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What is being written is written before this resolves, so that the file can go. */
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all(working);
    },
  };
}

async function forward(url: URL, headers: IncomingHttpHeaders, body: Buffer) {
  const init = { method: 'POST', headers: { 'content-type': headers['content-type'] ?? '' }, body };
  try {
    const response = await fetch(url, init);
    return { status: response.status, answer: await response.text() };
  } catch {
    return undefined;
  }
}

/** The service, in JSON as in protobuf, where strings stand as they are. */
function serviceIn(text: string): string {
  return /service\.name[^a-z]+(?:value[^a-z]+stringValue[^a-z]+)?([a-z][a-z-]+)/.exec(text)?.[1] ?? 'unknown';
}
