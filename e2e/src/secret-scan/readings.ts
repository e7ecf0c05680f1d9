/** A text as somebody would read it who undoes one encoding. */
export interface Reading {
  /** The encodings that were undone, outermost first; empty for the text as it stands. */
  readonly encodings: readonly string[];
  readonly text: string;
}

/** How deep encodings are undone: base64 in a percent-encoded URL in a JSON string is three. */
const deepest = 3;
/** Sixteen bytes in that encoding. */
const shortestBase64 = 22;
const shortestHex = 32;

/** Each answers what it made of the text, or nothing where the encoding does not occur. */
const decoders: Readonly<Record<string, (text: string) => string | undefined>> = {
  'percent-encoded': (text) => replaced(text, /%([0-9a-f]{2})/gi, (_, digits) => byte(digits)),
  'JSON-escaped': (text) =>
    replaced(text, /\\(?:u00([0-9a-f]{2})|(["\\/]))/gi, (_, digits, mark) =>
      digits === undefined ? mark : byte(digits),
    ),
  'HTML-escaped': (text) =>
    replaced(text, /&#(?:x([0-9a-f]{2})|(\d{2,3}));|&(amp|quot);/gi, (_, digits, number, name) => {
      if (name !== undefined) return name.toLowerCase() === 'amp' ? '&' : '"';
      return digits === undefined ? String.fromCharCode(Number(number)) : byte(digits);
    }),
  'list of bytes': (text) =>
    runs(text, /(?:\d{1,3}\s*,\s*){15,}\d{1,3}/g, (run) => [
      String.fromCharCode(...run.split(',').map(Number)),
    ]),
  hex: (text) =>
    runs(text, new RegExp(`[0-9a-f]{${shortestHex},}`, 'gi'), (run) =>
      [0, 1].map((phase) => Buffer.from(run.slice(phase), 'hex').toString('latin1')),
    ),
  base64: (text) =>
    runs(text, new RegExp(`[A-Za-z0-9+/_-]{${shortestBase64},}`, 'g'), (run) =>
      // A run can begin anywhere before the encoded text, so each of the four alignments is read.
      [0, 1, 2, 3].map((phase) => Buffer.from(run.slice(phase), 'base64').toString('latin1')),
    ),
};

/** The text as it stands and in every way its encodings can be undone. */
export function readingsOf(text: string): readonly Reading[] {
  const readings: Reading[] = [{ encodings: [], text }];
  for (const { encodings, text: from } of readings) {
    if (encodings.length === deepest) continue;
    for (const [name, decode] of Object.entries(decoders)) {
      const decoded = decode(from);
      if (decoded !== undefined) readings.push({ encodings: [...encodings, name], text: decoded });
    }
  }
  return readings;
}

function replaced(text: string, pattern: RegExp, by: (...match: string[]) => string): string | undefined {
  const result = text.replace(pattern, by);
  return result === text ? undefined : result;
}

function runs(text: string, pattern: RegExp, decode: (run: string) => readonly string[]): string | undefined {
  const decoded = (text.match(pattern) ?? []).flatMap(decode);
  return decoded.length === 0 ? undefined : decoded.join('\n');
}

function byte(digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16));
}
