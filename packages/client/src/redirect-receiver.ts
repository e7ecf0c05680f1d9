import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopbackHost } from '@mcp-obo/metadata';
import { OAuthError } from '@mcp-obo/oauth-error';

/** Receives the browser after the login (RFC 8252 §7). */
export interface RedirectReceiver {
  listen(redirectUri: string): Promise<OpenReceiver>;
}

export interface OpenReceiver {
  /** The redirect URI to send and register: the one asked for, its port filled in. */
  readonly redirectUri: string;
  /** Resolves with the URL the browser came back to, once its `state` is the one given. */
  redirected(state: string, signal: AbortSignal): Promise<URL>;
  close(): Promise<void>;
}

/**
 * A receiver on the loopback interface. It answers the path of the redirect URI alone, and a request whose
 * `state` is another changes nothing, so that no other page can end or steer a login.
 */
export function createLoopbackReceiver(): RedirectReceiver {
  return { listen };
}

async function listen(wanted: string): Promise<OpenReceiver> {
  const url = new URL(wanted);
  if (url.protocol !== 'http:' || !isLoopbackHost(url.hostname)) {
    throw new TypeError(`redirectUri must be on http://127.0.0.1 or http://[::1]: ${wanted}`);
  }
  let arrived: (target: URL) => boolean = () => false;
  const server = createServer((request, response) => answer(request, response));
  await listening(server, url);
  if (url.port === '0') url.port = String((server.address() as AddressInfo).port);

  const answer: RequestListener = (request, response) => {
    const target = URL.canParse(request.url ?? '', url.origin) ? new URL(request.url ?? '', url.origin) : url;
    if (request.method !== 'GET') return page(response, 405, 'Only GET is answered here.');
    if (target.pathname !== url.pathname) return page(response, 404, 'There is nothing here.');
    return arrived(target)
      ? page(response, 200, 'You can close this window and go back to the application.')
      : page(response, 400, 'This login is not the one that is waited for.');
  };

  return {
    redirectUri: wanted.includes(':0/') ? url.href : wanted,
    redirected: (state, signal) =>
      new Promise((resolve, reject) => {
        const late = () => reject(timedOut(signal.reason));
        if (signal.aborted) return late();
        signal.addEventListener('abort', late, { once: true });
        arrived = (target) => {
          if (target.searchParams.get('state') !== state) return false;
          arrived = () => false;
          signal.removeEventListener('abort', late);
          resolve(target);
          return true;
        };
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

function listening(server: Server, { hostname, port }: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new OAuthError('temporarily_unavailable', 'The redirect URI cannot be listened on.', {
          reason: 'redirect_port',
          cause,
        }),
      ),
    );
    const host = hostname === 'localhost' ? '127.0.0.1' : hostname.replace(/^\[(.*)\]$/, '$1');
    server.listen(Number(port), host, resolve);
  });
}

/** The URL of this page holds the code: it is not kept, not sent on as a referrer, and loads nothing. */
function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'",
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(`<!doctype html><title>Login</title><p>${text}</p>`);
}

function timedOut(cause: unknown): OAuthError {
  return new OAuthError('access_denied', 'The login was not finished in time.', {
    reason: 'login_timeout',
    cause,
  });
}
