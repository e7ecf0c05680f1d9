import type { Cache, Claim, HeldClaim } from './cache.ts';
import { decodeEntry, encodeEntry, type Kept } from './cache-entry.ts';
import type { TokenMemory } from './memory/token-memory.ts';
import type { KeptPlan, Plan } from './plan.ts';

/** What happened at the cache. */
export type StoreAction = 'unreadable' | 'stored' | 'failed';

/** The right to keep the answer to a plan. */
export interface Place {
  /** Keeps it, unless what is kept for this plan was ended meanwhile by somebody else. */
  readonly keep: (kept: Kept) => Promise<void>;
  /** Keeps nothing; who waits may go on. */
  readonly leave: () => Promise<void>;
}

/** Either what is kept, or the place for the answer; or the sign to wait for another who has the place. */
export type Look =
  | { readonly kept: Kept }
  | { readonly place: Place }
  | { readonly ended: Promise<void>; readonly dispose: () => void };

/** Tokens and refusals: in the memory of this process, and in a cache that may be shared. Whatever they do, the exchange goes on. */
export interface TokenStore {
  /** From memory, at once. */
  readonly recall: (key: string) => Kept | undefined;
  readonly find: (plan: KeptPlan, key: string) => Promise<Kept | undefined>;
  readonly look: (plan: Plan) => Promise<Look>;
  /** The place of an entry that is there and is to be replaced; undefined when another is at it, or has done it. */
  readonly renew: (plan: Plan, stale: Kept) => Promise<Place | undefined>;
  /** The place of an entry, taken from whoever works at it: the entry goes, and their answer is not kept. */
  readonly seize: (plan: Plan) => Promise<Place>;
  /** Keeps something beside the entry of the plan, under a key of its own. */
  readonly note: (plan: Plan, key: string, kept: Kept) => Promise<void>;
}

export interface TokenStoreOptions {
  readonly cache: Cache;
  readonly memory: TokenMemory;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly report: (action: StoreAction, plan: KeptPlan) => void;
}

export function createTokenStore({ cache, memory, now, report }: TokenStoreOptions): TokenStore {
  async function attempt<T>(plan: KeptPlan, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch {
      report('failed', plan);
      return undefined;
    }
  }

  async function read(plan: KeptPlan, key: string, ticket: number): Promise<Kept | undefined> {
    const bytes = await attempt(plan, () => cache.get(key));
    if (bytes === undefined) return undefined;
    const kept = decodeEntry(bytes, key, now() / 1000);
    if (kept === undefined) {
      report('unreadable', plan);
      await attempt(plan, () => cache.delete(key));
    } else memory.put(key, kept, [...plan.tags, ...ownTags(kept)], ticket);
    return kept;
  }

  function placeOf(plan: Plan, ticket: number, claim: Claim): Place {
    if (claim.state !== 'held') return nowhere;
    const { key } = plan;
    return {
      async keep(kept) {
        const own = ownTags(kept);
        const filled = await attempt(plan, () => claim.fill(encodeEntry(key, kept), kept.until * 1000, own));
        if (filled !== true) return;
        report('stored', plan);
        memory.put(key, kept, [...plan.tags, ...own], ticket);
      },
      leave: () => release(plan, claim),
    };
  }

  async function release(plan: Plan, claim: HeldClaim): Promise<void> {
    await attempt(plan, claim.release);
  }

  async function claimFor(plan: Plan, refill: boolean): Promise<Claim> {
    const options = { expiresAt: plan.latest * 1000, tags: plan.tags, refill };
    return (await attempt(plan, () => cache.claim(plan.key, options))) ?? { state: 'unknown' };
  }

  return {
    recall: memory.get,
    find: (plan, key) => read(plan, key, memory.ticket()),
    async look(plan) {
      const ticket = memory.ticket();
      const kept = await read(plan, plan.key, ticket);
      if (kept !== undefined) return { kept };
      const claim = await claimFor(plan, false);
      if (claim.state === 'taken') return claim;
      const filled = claim.state === 'filled' ? await read(plan, plan.key, ticket) : undefined;
      return filled === undefined ? { place: placeOf(plan, ticket, claim) } : { kept: filled };
    },
    async renew(plan, stale) {
      const ticket = memory.ticket();
      const claim = await claimFor(plan, true);
      if (claim.state === 'taken') claim.dispose();
      if (claim.state !== 'held') return undefined;
      const kept = await read(plan, plan.key, ticket);
      if (kept === undefined || kept.until <= stale.until) return placeOf(plan, ticket, claim);
      await release(plan, claim);
      return undefined;
    },
    async seize(plan) {
      const ticket = memory.ticket();
      for (let tries = 0; tries < 3; tries += 1) {
        memory.delete(plan.key);
        await attempt(plan, () => cache.delete(plan.key));
        const claim = await claimFor(plan, true);
        if (claim.state !== 'taken') return placeOf(plan, ticket, claim);
        claim.dispose();
      }
      return nowhere;
    },
    async note(plan, key, kept) {
      const ticket = memory.ticket();
      const options = { expiresAt: kept.until * 1000, tags: plan.tags };
      await attempt(plan, () => cache.set(key, encodeEntry(key, kept), options));
      memory.put(key, kept, plan.tags, ticket);
    },
  };
}

const nowhere: Place = { keep: async () => undefined, leave: async () => undefined };

/** A token is ended by its own name, too. */
function ownTags(kept: Kept): readonly string[] {
  return kept.kind === 'token' ? [kept.tokenKey] : [];
}
