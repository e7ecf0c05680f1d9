import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before an OTLP receiver and keeps every export as it came: names, attributes, resources, all. */
export interface OtlpTap {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Starts it; each export is one line of the file, bytes as Latin-1 in JSON. */
export async function startOtlpTap(file: string, receiver: string | undefined): Promise<OtlpTap> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { url: path = '/', headers } = request;
    const text = body.toString('latin1');
    appendFileSync(file, `${JSON.stringify({ place: `OTLP export ${path} of ${serviceIn(text)}`, text })}\n`);
    const forwarded =
      receiver === undefined
        ? undefined
        : await fetch(new URL(path, receiver), {
            method: 'POST',
            headers: { 'content-type': headers['content-type'] ?? '' },
            body,
          }).catch(() => undefined);
    const answer = forwarded === undefined ? '{}' : await forwarded.text();
    response.writeHead(forwarded?.status ?? 200, { 'content-type': 'application/json' }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The service, in JSON as in protobuf, where strings stand as they are. */
function serviceIn(text: string): string {
  return /service\.name[^a-z]+(?:value[^a-z]+stringValue[^a-z]+)?([a-z][a-z-]+)/.exec(text)?.[1] ?? 'unknown';
}
