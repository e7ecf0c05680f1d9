import { isIP } from 'node:net';
import { z } from 'zod';

/** A TCP port. */
export const portSetting = z.coerce
  .number('must be a port from 1 to 65535')
  .int('must be a port from 1 to 65535')
  .min(1, 'must be a port from 1 to 65535')
  .max(65_535, 'must be a port from 1 to 65535');

/** A length of time in seconds. */
export const secondsSetting = z.coerce
  .number('must be a number of seconds above 0')
  .int('must be a whole number of seconds')
  .positive('must be a number of seconds above 0');

/** Words as a list, or as one text with spaces or commas between, which is all a variable can hold. */
export const wordsSetting = z
  .union(
    [
      z.array(z.string().min(1)),
      z.string().transform((text) => text.split(/[\s,]+/).filter((word) => word !== '')),
    ],
    'must be a list of words, or a text with spaces between them',
  )
  .pipe(z.array(z.string()));

/** Yes or no, which a variable says as `true` or `false`. */
export const flagSetting = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')],
  'must be true or false',
);

/** A scope-token (RFC 6749 §3.3). */
export const scopeSetting = z
  .string()
  .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'must be one scope-token of RFC 6749 §3.3');

/** Where a request with a credential in it may go: https, or http on this machine. It may have a query. */
export const endpointSetting = z.string().refine(isEndpoint, {
  message: 'must be an https URL (http only on 127.0.0.1, ::1 or localhost) without a fragment',
});

/** The same without a query: an issuer (RFC 8414 §2), or what paths are added to. */
export const serverUrlSetting = z.string().refine((value) => isEndpoint(value) && !value.includes('?'), {
  message: 'must be an https URL (http only on 127.0.0.1, ::1 or localhost) without query or fragment',
});

/** The canonical URI of a protected resource: absolute, no fragment, exactly as clients will spell it (RFC 8707 §2). */
export const resourceUriSetting = z.string().refine(isCanonicalUri, {
  message:
    'must be an absolute URI in canonical form: lower-case scheme and host, no fragment, no default port',
});

/** For `superRefine` of a list: refuses an entry that has the same value there as one before it. */
export function refuseRepeated<M extends string>(member: M) {
  return (list: readonly Readonly<Record<M, string>>[], context: z.RefinementCtx): void => {
    const values = list.map((entry) => entry[member]);
    values.forEach((value, index) => {
      if (values.indexOf(value) === index) return;
      context.addIssue({ code: 'custom', path: [index, member], message: `${value} is listed twice` });
    });
  };
}

/** A web origin as browsers send it (RFC 6454 §6.2). */
export const originSetting = z.string().refine((value) => URL.parse(value)?.origin === value, {
  message: 'must be a web origin such as https://app.example.com, without a path',
});

/** Parts of the own network: host names, addresses, and ranges of addresses (CIDR). */
export const networksSetting = wordsSetting.pipe(
  z.array(
    z.string().refine(isNetwork, {
      message: 'must be a host name, an address or a range (CIDR), without scheme or port',
    }),
  ),
);

/** True for the names and addresses of this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || value.includes('#') || url.username !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  if (bits === undefined) return version !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(address);
  const most = version === 4 ? 32 : 128;
  return rest.length === 0 && version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
}

function isCanonicalUri(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || value.includes('#') || url.username !== '') return false;
  return value === url.href || `${value}/` === url.href;
}
