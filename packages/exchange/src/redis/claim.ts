import type { Claim, ClaimOptions, HeldClaim } from '../cache.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Link } from './link.ts';
import type { RedisNames } from './names.ts';
import type { RedisScripts } from './scripts.ts';
import type { Tags } from './tags.ts';

export interface ClaimsOptions {
  readonly scripts: RedisScripts;
  readonly names: RedisNames;
  readonly link: Link;
  readonly tags: Tags;
  readonly schedule: Scheduler;
  /** A fresh unguessable string: the fence that Redis holds every write of the holder against. */
  readonly fence: () => string;
  /** Milliseconds after which a holder that says nothing is taken for dead. */
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
}

export type Claims = (name: string, entry: ClaimEntry) => Promise<Claim>;

/** `seal` makes of the value what is stored. */
export type ClaimEntry = ClaimOptions & { readonly seal: (value: Uint8Array) => Buffer };

/**
 * Leases on entries. A lease is a key with a short life that its holder renews; whatever the holder writes is
 * written by a script that looks first whether the lease is still its own. The entry's tags are there before
 * the holder begins, so that an eviction meanwhile finds the lease and ends it. Who waits is told of the end
 * over the link; a holder that dies is noticed when its lease runs out.
 */
export function createClaims(options: ClaimsOptions): Claims {
  const { scripts, names, link, tags, schedule, leaseMs, onError } = options;

  return async (name, entry) => {
    const keys = [names.entry(name), names.lease(name)] as const;
    const fence = options.fence();
    // Before the question, for the end may come before the answer.
    const end = link.expectEnd(name);
    try {
      const ask = () => scripts.mcpOboClaim(...keys, fence, leaseMs, entry.refill === true ? 1 : 0);
      const answer = await patiently(ask);
      if (answer > 0) return taken(end, answer);
      end.dispose();
      return answer === 0 ? await begin(name, keys, fence, entry) : { state: 'filled' };
    } catch (error) {
      end.dispose();
      onError(error);
      return { state: 'unknown' };
    }
  };

  /**
   * Does a step that may be done twice once more where Redis was there a moment ago: a process that was starved
   * takes an answer that is there for one that is late.
   */
  function patiently<T>(step: () => Promise<T>): Promise<T> {
    return step().catch((error: unknown) => {
      if (!link.up()) throw error;
      return step();
    });
  }

  function taken(end: ReturnType<Link['expectEnd']>, milliseconds: number): Claim {
    const expired = Promise.withResolvers<void>();
    const cancel = schedule(expired.resolve, milliseconds);
    const dispose = () => {
      cancel();
      end.dispose();
    };
    return { state: 'taken', ended: Promise.race([end.ended, expired.promise]).finally(dispose), dispose };
  }

  async function begin(
    name: string,
    keys: readonly [string, string],
    fence: string,
    entry: ClaimEntry,
  ): Promise<Claim> {
    const latest = Math.floor(entry.expiresAt);
    const release = () => scripts.mcpOboRelease(...keys, fence, names.ends, name);
    try {
      await patiently(() => tags.add(entry.tags, name, latest));
    } catch (error) {
      await release().catch(onError);
      throw error;
    }
    const stop = renew(keys, fence);
    const held: HeldClaim = {
      state: 'held',
      async fill(value, expiresAt, more = []) {
        stop();
        const until = Math.min(Math.floor(expiresAt), latest);
        const rest = [fence, entry.seal(value), until, names.ends, name] as const;
        // The tags first: what is there is found by them.
        const filled = await patiently(() => tags.add(more, name, until))
          .then(() => patiently(() => scripts.mcpOboFill(...keys, ...rest)))
          .catch(failed);
        // Who waits is not left waiting for the end of the lease.
        if (filled === undefined) void release().catch(() => undefined);
        return filled === 1;
      },
      async release() {
        stop();
        await release().catch(failed);
      },
    };
    return held;
  }

  function failed(error: unknown): undefined {
    onError(error);
  }

  function renew(keys: readonly [string, string], fence: string): () => void {
    let cancel = () => {};
    let stopped = false;
    const again = () => {
      if (stopped) return;
      cancel = schedule(() => {
        scripts.mcpOboRenew(...keys, fence, leaseMs).then((kept) => kept === 1 && again(), again);
      }, leaseMs / 3);
    };
    again();
    return () => {
      stopped = true;
      cancel();
    };
  }
}
