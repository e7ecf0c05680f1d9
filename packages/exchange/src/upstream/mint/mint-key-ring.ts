import type { JSONWebKeySet } from 'jose';
import type { MintKey } from './mint-key.ts';

/** At least one key; the first is to sign, all are published. */
export type MintKeys = readonly [MintKey, ...MintKey[]];

/** The keys of a broker over time. */
export interface MintKeyRing {
  /** Signs now: the first key that has been published long enough for everybody to know it. */
  readonly signing: () => MintKey;
  /** What is published (RFC 7517 §5). */
  readonly jwks: () => JSONWebKeySet;
  /** Takes changed keys over. One that is gone signs no more and is published no more. */
  readonly replace: (keys: MintKeys) => void;
}

export interface MintKeyRingOptions {
  readonly keys: MintKeys;
  /** How long a key is published before it signs, seconds: as long as resource servers keep a key set. Default 300. */
  readonly leadSeconds?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * A key ring that publishes before it signs. Keys it begins with count as known: who asks for the first time has
 * nothing older. Where no key has been published long enough, because the one that signed is gone, the one that
 * was published first signs.
 */
export function createMintKeyRing({ keys, leadSeconds = 300, now }: MintKeyRingOptions): MintKeyRing {
  let ring = keys.map((key) => ({ key, since: Number.NEGATIVE_INFINITY }));

  function signing(): MintKey {
    const known = ring.find(({ since }) => since + leadSeconds * 1000 <= now());
    const oldest = () => ring.toSorted((a, b) => a.since - b.since)[0];
    return (known ?? oldest() ?? { key: keys[0] }).key;
  }

  return {
    signing,
    jwks: () => ({ keys: ring.map(({ key }) => ({ ...key.jwk })) }),
    replace(changed) {
      const since = new Map(ring.map((entry) => [entry.key.kid, entry.since]));
      ring = changed.map((key) => ({ key, since: since.get(key.kid) ?? now() }));
    },
  };
}
