import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';

export interface TestServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Method and path of each request that came in, in order. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** A real HTTP server on a free loopback port. */
export async function startServer(answer: RequestListener): Promise<TestServer> {
  const requests: string[] = [];
  return listening(createServer(recording(requests, answer)), requests, 'http');
}

/** A real TLS server for the host names given; `ca` is what a client must trust. */
export async function startTlsServer(
  hosts: readonly string[],
  answer: RequestListener,
): Promise<TestServer & { readonly ca: string }> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'test' }], {
    extensions: [{ name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2 as const, value })) }],
  });
  const requests: string[] = [];
  const server = createTlsServer({ cert, key }, recording(requests, answer));
  return { ...(await listening(server, requests, 'https')), ca: cert };
}

function recording(requests: string[], answer: RequestListener): RequestListener {
  return (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  };
}

async function listening(server: Server, requests: string[], scheme: string): Promise<TestServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${scheme}://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
