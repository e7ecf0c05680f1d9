import { hash, timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '../guard-options.ts';
import type { InteractionRecord, StartedInteraction } from './interaction-records.ts';

/** The cookie that binds an interaction to the browser which followed its link. */
export interface BrowserCookie {
  /** `Set-Cookie` for the browser that leaves. */
  readonly set: (record: InteractionRecord, value: string) => string;
  /** Whether the request comes from the browser that left. */
  readonly isOf: (record: StartedInteraction, request: HttpRequest) => boolean;
}

/** `secure`: whether the pages are served over TLS. */
export function createBrowserCookie(secure: boolean): BrowserCookie {
  return {
    set: (record, value) =>
      `${cookieName(record, secure)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600${secure ? '; Secure' : ''}`,
    isOf: (record, request) => sameBrowser(record, cookieOf(request, cookieName(record, secure))),
  };
}

/** `__Host-` where the host has TLS: no other host can set or read it (RFC 6265bis §4.1.3.2). */
function cookieName({ id }: InteractionRecord, secure: boolean): string {
  return `${secure ? '__Host-' : ''}interaction-${id.slice(0, 12)}`;
}

function cookieOf({ rawHeaders }: HttpRequest, name: string): string | undefined {
  const lines = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'cookie');
  const pairs = lines.flatMap((line) => line.split(';')).map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

function sameBrowser({ browser }: StartedInteraction, cookie: string | undefined): boolean {
  const shown = Buffer.from(hash('sha256', cookie ?? '', 'base64url'));
  return cookie !== undefined && timingSafeEqual(shown, Buffer.from(browser));
}
