import { refusal } from './refusal.ts';

/** What an issuer allows in a header. */
export interface HeaderRules {
  readonly algorithms: readonly string[];
  /** Accepted `typ`, lower case, without `application/`; `''` stands for an absent one. */
  readonly typ: readonly string[];
}

/** The header members that select a key, after every rule was kept. */
export interface JoseHeader {
  readonly alg: string;
  readonly kid: string;
}

/** Members that bring or point to a key of the sender's choice (RFC 8725 §3.10). */
const embeddedKeyMembers = ['jwk', 'jku', 'x5u', 'x5c'] as const;

/**
 * Judges the header of an access token: asymmetric algorithm of the issuer's list (RFC 8725 §3.1), no
 * extension that must be understood (RFC 7515 §4.1.11, RFC 7797), no key or pointer to one, the `typ` of an
 * access token (RFC 9068 §4) and a `kid`.
 *
 * @throws OAuthError `invalid_token`
 */
export function parseJoseHeader(header: Readonly<Record<string, unknown>>, rules: HeaderRules): JoseHeader {
  const { alg, kid } = header;
  if (typeof alg !== 'string' || !rules.algorithms.includes(alg)) throw refusal('alg');
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) throw refusal('crit');
  if (embeddedKeyMembers.some((member) => Object.hasOwn(header, member))) throw refusal('embedded_key');
  if (!rules.typ.includes(mediaType(header.typ))) throw refusal('typ');
  // `cty: JWT` marks a nested token (RFC 7519 §5.2), which is no access token.
  if (Object.hasOwn(header, 'cty')) throw refusal('header', 'cty');
  if (typeof kid !== 'string' || kid === '') throw refusal('kid');
  return { alg, kid };
}

/** `typ` as RFC 7515 §4.1.9 compares it: case-insensitive, with or without `application/`. */
function mediaType(typ: unknown): string {
  if (typ === undefined) return '';
  if (typeof typ !== 'string' || typ === '') throw refusal('header', 'typ');
  const name = typ.toLowerCase();
  return name.startsWith('application/') && !name.slice(12).includes('/') ? name.slice(12) : name;
}
