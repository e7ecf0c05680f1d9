import type { Claims } from '@mcp-obo/idp-profile';
import { OAuthError } from '@mcp-obo/oauth-error';
import { LRUCache } from 'lru-cache';
import type { Fetch } from './key-fetch.ts';
import { parseStrictObject } from './strict-json.ts';
import type { ValidatorEvent } from './validator-event.ts';

/** How an issuer is asked whether a token is still good (RFC 7662). */
export interface IntrospectionConfig {
  readonly endpoint: string;
  /** This server's own registration there, shown by HTTP Basic (RFC 6749 §2.3.1). */
  readonly clientId: string;
  readonly clientSecret: string;
  /** `opaque`: tokens that are no JWT. `jwt`: its JWTs, beside the check of their signature. Default `opaque`. */
  readonly tokens?: 'opaque' | 'jwt';
  /** Longest time an answer is used, seconds. Default 30. */
  readonly maxAge?: number;
}

export interface IntrospectorOptions {
  readonly issuer: string;
  readonly config: IntrospectionConfig;
  /** Guarded against SSRF and bounded in size. */
  readonly fetch: Fetch;
  /** Longest time one request may take, milliseconds. */
  readonly timeout: number;
  readonly maxEntries: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly emit: (event: ValidatorEvent) => void;
}

/** Asks one issuer about tokens. */
export interface Introspector {
  /**
   * The claims of an active token, or undefined for any other. Once however many ask at a time, and from memory
   * no longer than `maxAge` and `exp`. Rejects with 503 when there is no answer that can be used.
   *
   * @param anew true to pass the memory by
   */
  readonly ask: (token: string, tokenHash: string, anew: boolean) => Promise<Claims | undefined>;
  readonly close: () => void;
}

interface Answer {
  readonly claims: Claims | undefined;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export function createIntrospector(options: IntrospectorOptions): Introspector {
  const { issuer, config, now, emit } = options;
  const maxAge = (config.maxAge ?? 30) * 1000;
  const answers = new LRUCache<string, Answer>({ max: options.maxEntries });
  const asking = new Map<string, Promise<Claims | undefined>>();
  const closing = new AbortController();

  async function request(token: string): Promise<Claims | undefined> {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(options.timeout)]);
    const response = await options.fetch(config.endpoint, {
      method: 'POST',
      headers: { authorization: basic(config), accept: 'application/json' },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
      redirect: 'error',
      signal,
    });
    if (response.status !== 200) throw new Error(`The introspection was answered with ${response.status}.`);
    const answer = parseStrictObject(await response.text());
    if (typeof answer === 'string')
      throw new Error(`The introspection was answered with no object: ${answer}.`);
    // A boolean and nothing that looks like one (RFC 7662 §2.2).
    return answer.active === true ? answer : undefined;
  }

  async function askIssuer(token: string, tokenHash: string): Promise<Claims | undefined> {
    const startedAt = now();
    const told = (outcome: 'active' | 'inactive' | 'failure', failure: { err?: unknown } = {}) =>
      emit({ type: 'introspection', issuer, outcome, milliseconds: now() - startedAt, ...failure });
    try {
      const claims = await request(token);
      const end = typeof claims?.exp === 'number' ? claims.exp * 1000 : Infinity;
      answers.set(tokenHash, { claims, until: Math.min(startedAt + maxAge, end) });
      told(claims === undefined ? 'inactive' : 'active');
      return claims;
    } catch (err) {
      told('failure', { err });
      throw unavailable(err);
    }
  }

  return {
    async ask(token, tokenHash, anew) {
      const known = anew ? undefined : answers.get(tokenHash);
      if (known !== undefined && now() < known.until) return known.claims;
      const running =
        asking.get(tokenHash) ?? askIssuer(token, tokenHash).finally(() => asking.delete(tokenHash));
      asking.set(tokenHash, running);
      return await running;
    },
    close: () => closing.abort(new Error('The validator is closed.')),
  };
}

/** Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1). */
function basic({ clientId, clientSecret }: IntrospectionConfig): string {
  const [id, secret] = [clientId, clientSecret].map((text) =>
    new URLSearchParams({ '': text }).toString().slice(1),
  );
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

/** What the issuer refuses us, or cannot answer, is no fault of the caller's. */
function unavailable(cause: unknown): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The access token cannot be checked at the moment.', {
    reason: 'introspection_unavailable',
    retryAfter: 5,
    cause,
  });
}
