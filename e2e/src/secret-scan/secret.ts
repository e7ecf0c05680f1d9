/** Long enough that no piece stands anywhere by chance, short enough that a cut-off token is found. */
export const pieceLength = 16;

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
 * The parts of a secret that are looked for. Left out is what is public wherever it stands:
 *
 * - the header of a compact JOSE object (RFC 7515 §7.1): algorithm and key, the same in all tokens;
 * - URLs in its claims, as of the issuer and the audience: anybody may write them, also in Base64;
 * - session and client in a code of Keycloak, which is `random.session.client`.
 */
export function secretParts({ kind, value }: Secret): readonly string[] {
  const [first = '', second = '', third = '', ...rest] = value.split('.');
  if (third === '' || rest.length > 2) return [value];
  if (isJoseHeader(first)) return partsOfToken(second, value.slice(first.length + 1));
  return kind === 'authorization code' && rest.length === 0 ? [first] : [value];
}

/** All windows of `text` but those that lie in a URL of the claims altogether. */
function partsOfToken(payload: string, text: string): readonly string[] {
  const claims = Buffer.from(payload, 'base64url').toString('latin1');
  const parts: string[] = [];
  let from = 0;
  // With the punctuation around it, which is the same in all JSON.
  for (const { 0: url, index } of claims.matchAll(/[{[":,]*https?:\/\/[^"]*[\]}",:]*/g)) {
    const start = Math.ceil((index * 8) / 6);
    const end = Math.floor(((index + url.length) * 8) / 6);
    if (end - start < pieceLength) continue;
    parts.push(text.slice(from, start + pieceLength - 1));
    from = end - pieceLength + 1;
  }
  return [...parts, text.slice(from)];
}

function isJoseHeader(segment: string): boolean {
  try {
    return typeof JSON.parse(Buffer.from(segment, 'base64url').toString()).alg === 'string';
  } catch {
    return false;
  }
}
