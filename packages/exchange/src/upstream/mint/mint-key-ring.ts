import { OAuthError } from '@mcp-obo/oauth-error';
import type { JSONWebKeySet } from 'jose';
import type { MintKey } from './mint-key.ts';

/** The keys of a broker over time. */
export interface MintKeyRing {
  /**
   * Signs now: the first key that has been published long enough for everybody to know it.
   *
   * @throws OAuthError `server_error` when there is none
   */
  readonly signing: () => MintKey;
  /** What is published (RFC 7517 §5). */
  readonly jwks: () => JSONWebKeySet;
  /** Takes changed keys over. One that is gone signs no more and is published no more. */
  readonly replace: (settings: MintKeySettings) => void;
}

export interface MintKeySettings {
  /** The first is to sign, all are published. */
  readonly keys: readonly MintKey[];
  /** How long a key is published before it signs, seconds: as long as resource servers keep a key set. Default 300. */
  readonly leadSeconds?: number;
}

export interface MintKeyRingOptions extends MintKeySettings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * A key ring that publishes before it signs. Keys it begins with count as known: who asks for the first time has
 * nothing older. Where no key has been published long enough, because the one that signed is gone, the one that
 * was published first signs.
 */
export function createMintKeyRing({ now, ...settings }: MintKeyRingOptions): MintKeyRing {
  let ring = settings.keys.map((key) => ({ key, since: Number.NEGATIVE_INFINITY }));
  let lead = leadOf(settings);

  function signing(): MintKey {
    const known = ring.find(({ since }) => since + lead <= now());
    const entry = known ?? ring.toSorted((a, b) => a.since - b.since)[0];
    if (entry !== undefined) return entry.key;
    throw new OAuthError('server_error', 'The broker has no key to sign with.', { reason: 'mint_no_key' });
  }

  return {
    signing,
    jwks: () => ({ keys: ring.map(({ key }) => ({ ...key.jwk })) }),
    replace(changed) {
      const since = new Map(ring.map((entry) => [entry.key.kid, entry.since]));
      ring = changed.keys.map((key) => ({ key, since: since.get(key.kid) ?? now() }));
      lead = leadOf(changed);
    },
  };
}

/** Milliseconds. */
function leadOf({ leadSeconds = 300 }: MintKeySettings): number {
  return leadSeconds * 1000;
}
