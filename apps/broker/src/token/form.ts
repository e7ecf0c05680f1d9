import { OAuthError } from '@mcp-obo/oauth-error';

/** The parameters of a token request (RFC 6749 §3.2). */
export interface TokenForm {
  /** The value, or undefined when absent or empty. */
  readonly one: (name: string) => string | undefined;
  /** The value; refuses with `invalid_request` when absent or empty. */
  readonly required: (name: string) => string;
  /** All values of a parameter that may repeat, without empty ones. */
  readonly all: (name: RepeatableParameter) => readonly string[];
}

type RepeatableParameter = (typeof repeatable)[number];

/** RFC 8693 §2.1 and RFC 8707 §2 allow these to repeat; nothing else may. */
const repeatable = ['resource', 'audience'] as const;

/**
 * Parses `application/x-www-form-urlencoded` strictly: a parameter that repeats or an escape that is no
 * UTF-8 refuses, an empty value counts as absent (RFC 6749 §3.1), an unknown name is kept and ignored.
 */
export function parseForm(body: string): TokenForm {
  const values = new Map<string, string[]>();
  for (const pair of body.split('&').filter(Boolean)) {
    const at = pair.indexOf('=');
    const name = decode(at === -1 ? pair : pair.slice(0, at));
    const value = at === -1 ? '' : decode(pair.slice(at + 1));
    const earlier = values.get(name);
    if (earlier === undefined) values.set(name, [value]);
    else if (isRepeatable(name)) earlier.push(value);
    else
      throw new OAuthError('invalid_request', 'A parameter is repeated.', { reason: 'repeated_parameter' });
  }
  const all = (name: string) => (values.get(name) ?? []).filter((value) => value !== '');
  const one = (name: string) => all(name)[0];
  return { one, all, required: (name) => one(name) ?? absent(name) };
}

function isRepeatable(name: string): name is RepeatableParameter {
  return (repeatable as readonly string[]).includes(name);
}

/** `name` is always one of ours and never text of the request. */
function absent(name: string): never {
  throw new OAuthError('invalid_request', `The parameter ${name} is missing.`, {
    reason: 'missing_parameter',
  });
}

function decode(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new OAuthError('invalid_request', 'The form is not well encoded.', { cause, reason: 'encoding' });
  }
}
