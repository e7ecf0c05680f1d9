import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  readonly expiresAt: number;
}

/** Makes the adapter of each model; hand it to a provider as `adapter`. */
export type AdapterFactory = (model: string) => Adapter;

const sweepEvery = 1000;

/**
 * What one issuer remembers, in memory. Each issuer has its own: a code, session or registration of one
 * tenant does not exist for another. (The library's default store is shared by all providers of a process.)
 */
export function createStorage(now: () => number): AdapterFactory {
  const entries = new Map<string, Entry>();
  /** Key of the entry with that `uid`, by model and `uid`: sessions are found by it at every refresh. */
  const keyByUid = new Map<string, string>();
  let writes = 0;

  const remove = (key: string): void => {
    const uidKey = uidKeyOf(key, entries.get(key)?.payload.uid);
    if (keyByUid.get(uidKey) === key) keyByUid.delete(uidKey);
    entries.delete(key);
  };
  const live = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAt > now()) return entry?.payload;
    remove(key);
    return undefined;
  };
  const sweep = () => {
    for (const key of entries.keys()) live(key);
  };

  return (model) => {
    const prefix = `${model}:`;
    return {
      async upsert(id, payload, expiresIn) {
        writes += 1;
        if (writes % sweepEvery === 0) sweep();
        const expiresAt = expiresIn === undefined ? Number.POSITIVE_INFINITY : now() + expiresIn * 1000;
        entries.set(prefix + id, { payload, expiresAt });
        if (payload.uid !== undefined) keyByUid.set(uidKeyOf(prefix, payload.uid), prefix + id);
      },
      async find(id) {
        return live(prefix + id);
      },
      async findByUid(uid) {
        return live(keyByUid.get(uidKeyOf(prefix, uid)) ?? '');
      },
      async findByUserCode() {
        // The device flow, which alone has user codes, is off.
        return undefined;
      },
      async consume(id) {
        const payload = live(prefix + id);
        if (payload !== undefined) payload.consumed = Math.floor(now() / 1000);
      },
      async destroy(id) {
        remove(prefix + id);
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) {
          if (key.startsWith(prefix) && payload.grantId === grantId) remove(key);
        }
      },
    };
  };
}

/** Keys and prefixes begin with the model, so one model's `uid` is not another's. */
function uidKeyOf(keyOrPrefix: string, uid: string | undefined): string {
  return `${keyOrPrefix.slice(0, keyOrPrefix.indexOf(':'))} ${uid ?? ''}`;
}
