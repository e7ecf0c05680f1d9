import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ClientConfig } from '../config.ts';
import type { TokenRequest } from './token-request.ts';

/** Answers a request once more, or says with undefined that it is to be looked at in full. */
export type Repeat = () => Repeated | Promise<Repeated>;

/** The answer as it is now, if there is one. */
export type Repeated = Record<string, unknown> | undefined;

/** Requests that were answered before, and how each is answered again. */
export interface Repeats {
  /** Names a request by its bytes; undefined for one that its bytes do not tell all about. */
  readonly nameOf: (request: TokenRequest) => string | undefined;
  readonly answer: (name: string | undefined) => ReturnType<Repeat>;
  readonly keep: (name: string, client: ClientConfig, repeat: Repeat) => void;
}

/**
 * Remembers requests, so that the same bytes are not parsed, authenticated and held against register and policy each
 * time. All of that depends on the bytes and on a configuration alone, and these live as long as the service of one
 * configuration. What changes with time is asked anew by each `Repeat`.
 *
 * Only for clients that show their secret in the header (RFC 6749 §2.3.1): an assertion counts once, and a certificate
 * is not among the bytes. A name is a hash, so neither secret nor token is kept.
 *
 * @param most requests that are remembered; the least recently asked goes first
 */
export function createRepeats(most = 10_000): Repeats {
  const repeats = new LRUCache<string, Repeat>({ max: most });
  return {
    nameOf({ authorization, query, body, certificate, tenant = '' }) {
      const [header] = authorization;
      if (header === undefined || authorization.length > 1 || query.length > 0) return undefined;
      if (certificate !== undefined) return undefined;
      // Neither a header nor the name of a tenant has a line feed in it.
      return hash('sha256', `${tenant}\n${header}\n${body}`, 'base64url');
    },
    answer(name) {
      const repeat = name === undefined ? undefined : repeats.get(name);
      if (name === undefined || repeat === undefined) return undefined;
      const settle = (answer: Repeated) => {
        // It is remembered anew when it is found kept again.
        if (answer === undefined && repeats.peek(name) === repeat) repeats.delete(name);
        return answer;
      };
      const answer = repeat();
      return answer instanceof Promise ? answer.then(settle) : settle(answer);
    },
    keep(name, { auth }, repeat) {
      if (auth.method === 'client_secret') repeats.set(name, repeat);
    },
  };
}
