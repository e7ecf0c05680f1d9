/** What kinds of secrets a run makes. */
export const secretKinds = [
  'access token',
  'refresh token',
  'ID token',
  'exchanged token',
  'logout token',
  'authorization code',
  'code verifier',
  'client secret',
  'client assertion',
  'session cookie',
  'registration token',
  'password',
  'private key',
  'seal key',
  'admin token',
] as const;
export type SecretKind = (typeof secretKinds)[number];

/** Something that may stand nowhere but where the protocol puts it. */
export interface Secret {
  readonly kind: SecretKind;
  /** Text as it goes over the wire; bytes (keys) in Latin-1, one character a byte. */
  readonly value: string;
}

/** Shorter values are no secrets but bad input of a test. */
const shortest = 8;
/** A value of fewer different characters is somebody's filler, as `xxxx…`. */
const fewestCharacters = 6;

/** Whether a value found where a secret belongs can be one. */
export function canBeSecret(value: string): boolean {
  return value.length >= shortest && new Set(value).size >= fewestCharacters;
}

/**
 * The part of a secret that is looked for. Of a compact JOSE object (RFC 7515 §7.1) that is all but its
 * header, which says algorithm and key, is the same in all tokens of an issuer, and opens nothing.
 */
export function secretPart(value: string): string {
  const [header = '', ...rest] = value.split('.');
  return rest.length >= 2 && isJoseHeader(header) ? rest.join('.') : value;
}

function isJoseHeader(segment: string): boolean {
  try {
    return typeof JSON.parse(Buffer.from(segment, 'base64url').toString()).alg === 'string';
  } catch {
    return false;
  }
}
