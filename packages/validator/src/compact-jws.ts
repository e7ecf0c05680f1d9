import { refusal } from './refusal.ts';
import { parseStrictObject } from './strict-json.ts';

/** The parts of a token in JWS compact serialization. Nothing in it is trusted: no signature was checked. */
export interface CompactJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly signature: Uint8Array;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes a token apart (RFC 7515 §7.1) and refuses every spelling but one: three segments of canonical
 * base64url, JSON objects that all readers read alike. Two texts that verify are then two tokens, which is
 * what makes a hash of the text a name for the token (RFC 7515 §2, RFC 8725 §3.2).
 *
 * @throws OAuthError `invalid_token` with reason `malformed` or `header`.
 */
export function parseCompactJws(token: string): CompactJws {
  const segments = token.split('.', 4);
  const [header, payload, signature] = segments;
  if (segments.length !== 3 || !header || !payload || !signature) throw refusal('malformed');
  return {
    header: parseObject(header),
    payload: parseObject(payload),
    signature: decodeCanonical(signature),
  };
}

/** Decodes base64url and refuses padding, white space, foreign characters and unused bits that are not zero. */
function decodeCanonical(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) throw refusal('malformed', 'base64url');
  return bytes;
}

function parseObject(segment: string): Record<string, unknown> {
  const parsed = parseStrictObject(decodeUtf8(decodeCanonical(segment)));
  if (typeof parsed === 'string') throw refusal('malformed', parsed);
  return parsed;
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw refusal('malformed', cause);
  }
}
