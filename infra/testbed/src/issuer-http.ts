import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Fault, Faults } from './fault.ts';

/** What is published of an issuer, read anew for each request. */
export interface PublishedIssuer {
  readonly issuer: string;
  readonly jwks: () => object;
  readonly faults: Faults;
  readonly requests: Map<string, number>;
}

/** An issuer on a loopback port. */
export interface ServedIssuer {
  /** Origin of the server. */
  readonly url: string;
  readonly jwksUri: string;
  /** Closes the server and every connection to it. */
  close(): Promise<void>;
}

const hugeBytes = 100_000_000;

/** Starts a real HTTP server for metadata and keys. */
export async function serveIssuer(data: PublishedIssuer, port = ownPort(data.issuer)): Promise<ServedIssuer> {
  let origin = '';
  const server = createServer((request, response) => answer(data, origin, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: origin,
    jwksUri: `${origin}${base(data.issuer)}/jwks`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The same answers as a `fetch`. Faults that need a wire (drip, bomb, redirect) are answered as a failed connection. */
export async function answerFetch(
  data: PublishedIssuer,
  url: string | URL,
  init: RequestInit = {},
): Promise<Response> {
  const target = new URL(url);
  count(data, target.pathname);
  const fault = data.faults.of(target.pathname);
  const body = documentAt(data, target.origin, target.pathname);
  if (fault === 'hang') return await untilAborted(init.signal);
  if (fault === 'error') return new Response('{"error":"server_error"}', { status: 500 });
  if (fault === 'html') return new Response('<html></html>', { headers: { 'content-type': 'text/html' } });
  if (fault === 'truncated') return new Response(body?.slice(0, body.length >> 1), { headers: json });
  if (fault !== undefined) throw new TypeError('fetch failed', { cause: new Error(fault) });
  return body === undefined ? new Response(null, { status: 404 }) : new Response(body, { headers: json });
}

const json = { 'content-type': 'application/json' };

function documentAt(data: PublishedIssuer, origin: string, path: string): string | undefined {
  const at = base(data.issuer);
  const metadata = [
    `/.well-known/openid-configuration${at}`,
    `${at}/.well-known/openid-configuration`,
    `/.well-known/oauth-authorization-server${at}`,
  ];
  if (metadata.includes(path)) return JSON.stringify(metadataOf(data.issuer, `${origin}${at}`));
  return path === `${at}/jwks` ? JSON.stringify(data.jwks()) : undefined;
}

function metadataOf(issuer: string, at: string): object {
  return {
    issuer,
    authorization_endpoint: `${at}/authorize`,
    token_endpoint: `${at}/token`,
    revocation_endpoint: `${at}/revoke`,
    jwks_uri: `${at}/jwks`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
  };
}

function answer(
  data: PublishedIssuer,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname } = new URL(request.url ?? '/', origin);
  count(data, pathname);
  const body = documentAt(data, origin, pathname);
  const fault = data.faults.of(pathname);
  if (fault !== undefined) faultAnswers[fault](response, body ?? '{}', request);
  else if (body === undefined) response.writeHead(404).end();
  else response.writeHead(200, json).end(body);
}

const faultAnswers: Readonly<
  Record<Fault, (response: ServerResponse, body: string, request: IncomingMessage) => void>
> = {
  error: (response) => response.writeHead(500, json).end('{"error":"server_error"}'),
  hang: () => {},
  drip: (response, body) => {
    response.writeHead(200, json);
    let sent = 0;
    const timer = setInterval(() => response.write(body[sent++ % body.length] ?? ''), 50);
    response.once('close', () => clearInterval(timer));
  },
  truncated: (response, body) => {
    response.writeHead(200, { ...json, 'content-length': Buffer.byteLength(body) });
    response.write(body.slice(0, body.length >> 1), () => response.destroy());
  },
  huge: (response) => {
    response.writeHead(200, json);
    const chunk = Buffer.alloc(64 * 1024, ' ');
    let left = hugeBytes;
    const pump = () => {
      while (left > 0 && !response.destroyed) {
        left -= chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', pump);
          return;
        }
      }
      response.end();
    };
    pump();
  },
  gzip_bomb: (response) =>
    response
      .writeHead(200, { ...json, 'content-encoding': 'gzip' })
      .end(gzipSync(Buffer.alloc(hugeBytes, ' '))),
  html: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
  redirect: (response, _body, request) => response.writeHead(302, { location: request.url ?? '/' }).end(),
};

function untilAborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal?.reason ?? new Error('aborted'));
    if (signal?.aborted) fail();
    else signal?.addEventListener('abort', fail, { once: true });
  });
}

function count(data: PublishedIssuer, path: string): void {
  data.requests.set(path, (data.requests.get(path) ?? 0) + 1);
}

function base(issuer: string): string {
  return new URL(issuer).pathname.replace(/\/$/, '');
}

function ownPort(issuer: string): number {
  const url = new URL(issuer);
  return url.hostname === '127.0.0.1' ? Number(url.port) : 0;
}
