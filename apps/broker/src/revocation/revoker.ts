import { OAuthError } from '@mcp-obo/oauth-error';
import {
  type ObtainedToken,
  type ObtainedTokens,
  type Revocation,
  type RevocationEntry,
  type RevocationList,
  revocationEntry,
} from '@mcp-obo/revocation';

export interface RevokerOptions {
  readonly list: RevocationList;
  readonly obtained: ObtainedTokens;
  /** Ends what is kept under the name of an entry, in all processes, and what the entry covers of it also at its issuer. */
  readonly evict: (entry: RevocationEntry) => Promise<unknown>;
  /** Longest life of a token that an issuer may have given out, milliseconds. */
  readonly longestLife: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Does the work later; the answer cancels it. */
  readonly schedule: (work: () => void, milliseconds: number) => () => void;
  /** For what fails where nobody waits for it. */
  readonly onError: (error: unknown) => void;
}

export interface Revoker {
  /**
   * Ends a token, a session, a user's or a client's tokens, and all that was obtained with them: in this process
   * at once, in the others as soon as they hear of it. Rejects with `temporarily_unavailable` when they could
   * not be told; it holds here all the same, and is tried again until they are.
   */
  readonly revoke: (revocation: Revocation) => Promise<void>;
  readonly close: () => void;
}

/** Milliseconds until what could not be told is told again. */
const retryAfter = 1000;

/** Longest chain of exchanges, as of actors. */
const maxHops = 5;

const findsAtOnce = 100;

/** How far clocks may be apart, milliseconds. */
const clockTolerance = 30_000;

export function createRevoker(options: RevokerOptions): Revoker {
  const { list, obtained, evict, longestLife, now, schedule, onError } = options;
  const unfinished = new Map<string, () => Promise<void>>();
  let cancel: (() => void) | undefined;

  /** What another process revoked may have given this one tokens that no other knows of yet. */
  const unwatch = list.watch(({ key }) => {
    const here = obtained.findHere(key);
    if (here.length > 0) list.revoke(here.map(endOf)).catch(onError);
  });

  async function end(entry: RevocationEntry): Promise<void> {
    // What is obtained from now on is refused; so what is found after this is all there is.
    await list.revoke([entry]).finally(() => evict(entry));
    await endObtainedWith(entry.key);
  }

  /** What was obtained with it, and what was obtained with that: an API may have exchanged what it was called with. */
  async function endObtainedWith(key: string): Promise<void> {
    let origins = [key];
    for (let hops = 0; hops < maxHops && origins.length > 0; hops += 1) {
      const found: ObtainedToken[][] = [];
      for (let at = 0; at < origins.length; at += findsAtOnce) {
        const some = await Promise.all(origins.slice(at, at + findsAtOnce).map(obtained.find));
        found.push(...some.map((tokens) => [...tokens]));
      }
      const tokens = found.flat();
      if (tokens.length > 0) await list.revoke(tokens.map(endOf));
      // What is kept under these is refused already: nobody has to wait until it is gone.
      if (hops > 0) void evictAll(origins.filter((_origin, index) => found[index]?.length));
      origins = tokens.map((token) => token.key);
    }
  }

  async function evictAll(keys: readonly string[]): Promise<void> {
    for (const key of keys) await evict(endOf({ key, until: now() })).catch(onError);
  }

  async function finish(): Promise<void> {
    cancel = undefined;
    for (const [key, again] of unfinished) {
      try {
        await again();
        unfinished.delete(key);
      } catch {
        tryAgain();
        return;
      }
    }
  }

  function tryAgain(): void {
    cancel ??= schedule(() => void finish(), retryAfter);
  }

  function endOf({ key, until }: ObtainedToken): RevocationEntry {
    return { key, before: now() + clockTolerance, until: until + clockTolerance };
  }

  return {
    async revoke(revocation) {
      const entry = revocationEntry(revocation, { now: now(), longestLife: longestLife() });
      try {
        await end(entry);
      } catch (cause) {
        onError(cause);
        unfinished.set(entry.key, () => end(entry));
        tryAgain();
        throw untold(cause);
      }
    },
    close() {
      unwatch();
      cancel?.();
    },
  };
}

/** RFC 7009 §2.2.1: the client must assume that the token still exists, and try again. */
function untold(cause: unknown): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The revocation could not be told to all.', {
    reason: 'revocation_untold',
    retryAfter: 5,
    cause,
  });
}
