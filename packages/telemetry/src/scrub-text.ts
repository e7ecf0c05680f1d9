import { REDACTED, sensitiveText } from './sensitive.ts';

/** Longer texts are cut, so that no caller can make scrubbing expensive. */
const MAX_LENGTH = 16_384;

const quote = String.raw`(?:\\{0,4}["'])?`;
// What follows must not be redacted already, and no JSON literal, list or object: a line of JSON stays JSON.
const literal = String.raw`[[{]|(?:true|false|null|-?\d[\d.eE+-]{0,30})[,}\]]`;
const delimiter = String.raw`${quote}\s{0,2}(?:[=:]|%3D)(?!\s{0,2}${quote}\[redacted|\s{0,2}(?:${literal}))\s{0,2}${quote}`;
const value = String.raw`[^\s&"'\\,;}\]]+`;

const rules: readonly (readonly [RegExp, string | ((...groups: string[]) => string)])[] = [
  // PEM keys (RFC 7468), also with the line breaks of a JSON string.
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^"\\]|\\(?!"))*?(?:-----END [A-Z ]{0,40}-----|(?=\\?")|$)/g,
    REDACTED,
  ],
  // Credential headers: all that follows on the line.
  [
    new RegExp(String.raw`(?<![A-Za-z0-9_])(${sensitiveText.headers})(${delimiter})[^\r\n"'\\]+`, 'gi'),
    `$1$2${REDACTED}`,
  ],
  // Credentials of RFC 9110 §11.4: scheme and token68. A word of prose (`Bearer token`) stays, and so does a challenge.
  [
    /\b(Bearer|DPoP|Basic)((?:\s|%20|\+){1,4})(?![a-z_]+=")(?=[A-Za-z]*[0-9._~+/=-]|[A-Za-z]*[a-z][A-Z]|[A-Za-z]{20})[A-Za-z0-9\-._~+/]{6,}=*/gi,
    `$1$2${REDACTED}`,
  ],
  // Parameters and members by name, in a query, a form, JSON, or JSON in a string.
  [new RegExp(`(?<![A-Za-z0-9])(${sensitiveText.names})(${delimiter})${value}`, 'gi'), `$1$2${REDACTED}`],
  [
    new RegExp(String.raw`(^|[?&\s"'])(${sensitiveText.shortNames})=(?!\[redacted)(${value})`, 'gi'),
    shortName,
  ],
  // User information of a URL (RFC 3986 §3.2.1).
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"'\\?#]{1,512}@/gi, `$1${REDACTED}@`],
  // Compact JOSE objects (RFC 7515 §7.1, RFC 7516 §7.1), wherever they stand.
  [/(?<![A-Za-z0-9_-])[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)+/g, withoutJose],
];

/** The text with every credential in it replaced by `[redacted]`, cut at 16 Ki characters. Takes linear time. */
export function scrubText(text: string): string {
  return replaceAll(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}… [cut]` : text);
}

/** A finished line of JSON, still JSON afterwards. The last net: what is in the line was scrubbed before. */
export function scrubLine(line: string): string {
  return replaceAll(line);
}

/** A URL without user information, query and fragment: the parts that carry tokens and codes. */
export function scrubUrl(url: string): string {
  return scrubText(url.replace(/[?#].*$/s, ''));
}

/** True for the code of an error (`ECONNREFUSED`, `invalid_grant`, `42`), which an authorization code never looks like. */
export function isErrorCode(text: string): boolean {
  return /^(?:[A-Z][A-Z0-9_]*|[a-z][a-z_]*|-?\d{1,9})$/.test(text);
}

function replaceAll(text: string): string {
  let out = text;
  for (const [pattern, replacement] of rules) out = out.replace(pattern, replacement as string);
  return out;
}

function shortName(match: string, before: string, name: string, text: string): string {
  return name.toLowerCase() === 'code' && isErrorCode(text) ? match : `${before}${name}=${REDACTED}`;
}

/** From the first part that holds the start of a JSON object on, a dotted run of base64url is a JOSE object. */
function withoutJose(run: string): string {
  const lastDot = run.lastIndexOf('.');
  for (const { index } of run.matchAll(/e[yw]/g)) {
    if (index > lastDot) break;
    const head = Buffer.from(run.slice(index, index + 64), 'base64url').toString('latin1');
    if (/^\{\s*"/.test(head)) return run.slice(0, index) + REDACTED;
  }
  return run;
}
