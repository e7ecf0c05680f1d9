/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface ReceivedChallenge {
  /** Scheme in lower case: schemes compare without case. */
  readonly scheme: string;
  /** Parameters by name in lower case. The first of a repeated name counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Reads all challenges of a header, several in one line included, and stops at the first thing that is no
 * challenge. It never throws: a client must be able to read what it can.
 */
export function readChallenges(header: string | null): readonly ReceivedChallenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let rest = header ?? '';
  while (true) {
    rest = rest.replace(/^[\s,]+/, '');
    const parameter = parameterPattern.exec(rest);
    const current = challenges.at(-1);
    if (parameter !== null && current !== undefined) {
      const [whole, name = '', quoted, token] = parameter;
      const key = name.toLowerCase();
      const value = quoted?.replace(/\\(.)/gs, '$1') ?? token ?? '';
      if (!current.parameters.has(key)) current.parameters.set(key, value);
      rest = rest.slice(whole.length);
      continue;
    }
    const scheme = schemePattern.exec(rest);
    if (scheme === null) return challenges;
    challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: new Map() });
    rest = rest.slice(scheme[0].length);
  }
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameterPattern = new RegExp(
  `^(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))(?=\\s*(?:,|$))`,
  's',
);
/** A scheme, with the token68 that some schemes have in place of parameters. */
const schemePattern = new RegExp(`^(${token})(?:\\s+[A-Za-z0-9._~+/-]+=*(?=\\s*(?:,|$))|(?=\\s|,|$))`);
