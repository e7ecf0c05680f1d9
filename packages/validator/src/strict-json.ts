/** Why a text is no strict JSON object. */
export type JsonProblem =
  | 'not_json'
  | 'not_object'
  | 'too_deep'
  | 'duplicate_member'
  | 'forbidden_member'
  | 'not_finite';

const maxDepth = 16;

/** Member names that mean something else to a reader that copies members one by one (CWE-1321). */
const forbiddenInTokens: ReadonlySet<string> = new Set(['__proto__']);
const forbiddenInBodies: ReadonlySet<string> = new Set(['__proto__', 'constructor']);

/**
 * Parses a JSON object that every reader reads alike: no member twice (RFC 7515 §4, RFC 7519 §4), no number
 * beyond the range of a double, no nesting deeper than 16, no `__proto__` member. `JSON.parse` does the
 * parsing; a scan of the same text finds what it would pass over in silence.
 */
export function parseStrictObject(text: string): Record<string, unknown> | JsonProblem {
  const value = parse(text);
  if (value === undefined) return 'not_json';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not_object';
  return findProblem(text, maxDepth, forbiddenInTokens) ?? (value as Record<string, unknown>);
}

/**
 * A JSON text of any kind by the same rules, and without `constructor`, for request bodies: what is authorized
 * and what is executed is one value.
 */
export function parseStrictJson(
  text: string,
  depth = 64,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: JsonProblem } {
  const value = parse(text);
  const problem = value === undefined ? 'not_json' : findProblem(text, depth, forbiddenInBodies);
  return problem === undefined ? { ok: true, value } : { ok: false, problem };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Scans a text that is known to be JSON. */
function findProblem(text: string, depth: number, forbidden: ReadonlySet<string>): JsonProblem | undefined {
  /** Names seen in each object that is open; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let nameIsNext = false;
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    let end = at + 1;
    if (character === '"') {
      end = endOfString(text, at);
      const problem = nameIsNext ? addName(open.at(-1), text.slice(at, end), forbidden) : undefined;
      if (problem !== undefined) return problem;
      nameIsNext = false;
    } else if (character === '{' || character === '[') {
      nameIsNext = character === '{';
      if (open.push(nameIsNext ? new Set() : undefined) > depth) return 'too_deep';
    } else if (character === '}' || character === ']') {
      open.pop();
      nameIsNext = false;
    } else if (character === ',') {
      nameIsNext = open.at(-1) !== undefined;
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      end = endOfNumber(text, at);
      if (!Number.isFinite(Number(text.slice(at, end)))) return 'not_finite';
    }
    at = end;
  }
  return undefined;
}

function addName(
  names: Set<string> | undefined,
  quoted: string,
  forbidden: ReadonlySet<string>,
): JsonProblem | undefined {
  const name = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (forbidden.has(name)) return 'forbidden_member';
  if (names?.has(name)) return 'duplicate_member';
  names?.add(name);
  return undefined;
}

/** Index after the last digit. */
function endOfNumber(text: string, start: number): number {
  number.lastIndex = start;
  return start + (number.exec(text)?.[0].length ?? 1);
}

/** Index after the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
