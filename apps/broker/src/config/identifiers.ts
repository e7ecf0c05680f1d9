import { z } from 'zod';

/** A name used in logs, policies and cache keys. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}$/, 'must be a plain name without spaces');

/** A scope-token (RFC 6749 §3.3). */
export const scope = z
  .string()
  .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'must be one scope-token of RFC 6749 §3.3');

/** An https URL, or http on loopback, without query and fragment (RFC 8414 §2). */
export const serverUrl = z.string().refine(isServerUrl, {
  message: 'must be an https URL (http only on 127.0.0.1, ::1 or localhost) without query or fragment',
});

/** The canonical URI of a protected resource: absolute, no fragment, exactly as clients will spell it (RFC 8707 §2). */
export const resourceUri = z.string().refine(isCanonicalUri, {
  message:
    'must be an absolute URI in canonical form: lower-case scheme and host, no fragment, no default port',
});

function isServerUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.search !== '' || value.includes('#') || url.username !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** True for the names and addresses of this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function isCanonicalUri(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || value.includes('#') || url.username !== '') return false;
  return value === url.href || `${value}/` === url.href;
}
