import type { Answer } from './one-request.ts';
import type { OutgoingRequest } from './outgoing.ts';

/**
 * The request a redirect asks for, or `undefined` when the response is the answer: not a redirect, or the
 * caller handles redirects (`redirect: 'manual'`, as `jose` and `openid-client` do). Requests that carry a
 * body are never repeated elsewhere: they hold a token or a credential (RFC 9700 §4.12).
 *
 * Headers that authenticate stay behind when the origin changes.
 */
export function redirectedRequest(
  { url, init }: OutgoingRequest,
  { status, headers: { location } }: Pick<Answer, 'status' | 'headers'>,
): OutgoingRequest | undefined {
  if (!redirectStatuses.has(status) || location === undefined) return undefined;
  if (!isSafe(init) || init.redirect === 'manual') return undefined;
  if (init.redirect === 'error') throw new TypeError('unexpected redirect');
  const target = new URL(location, url);
  if (target.origin === url.origin) return { url: target, init };
  const headers = new Headers(init.headers);
  for (const name of authenticating) headers.delete(name);
  return { url: target, init: { ...init, headers } };
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const authenticating = ['authorization', 'proxy-authorization', 'cookie', 'dpop'];

function isSafe({ method = 'GET', body }: RequestInit): boolean {
  return (method === 'GET' || method === 'HEAD') && (body === undefined || body === null);
}
