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
  let writes = 0;

  const live = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAt > now()) return entry?.payload;
    entries.delete(key);
    return undefined;
  };
  const sweep = () => {
    for (const key of entries.keys()) live(key);
  };
  const findBy = (prefix: string, member: 'uid' | 'userCode', value: string) => {
    for (const key of entries.keys()) {
      if (!key.startsWith(prefix)) continue;
      const payload = live(key);
      if (payload?.[member] === value) return payload;
    }
    return undefined;
  };

  return (model) => {
    const prefix = `${model}:`;
    return {
      async upsert(id, payload, expiresIn) {
        writes += 1;
        if (writes % sweepEvery === 0) sweep();
        const expiresAt = expiresIn === undefined ? Number.POSITIVE_INFINITY : now() + expiresIn * 1000;
        entries.set(prefix + id, { payload, expiresAt });
      },
      async find(id) {
        return live(prefix + id);
      },
      async findByUid(uid) {
        return findBy(prefix, 'uid', uid);
      },
      async findByUserCode(userCode) {
        return findBy(prefix, 'userCode', userCode);
      },
      async consume(id) {
        const payload = live(prefix + id);
        if (payload !== undefined) payload.consumed = Math.floor(now() / 1000);
      },
      async destroy(id) {
        entries.delete(prefix + id);
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) {
          if (key.startsWith(prefix) && payload.grantId === grantId) entries.delete(key);
        }
      },
    };
  };
}
