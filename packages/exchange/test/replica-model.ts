import { type Grant, subjectKey, tokenHash } from '@mcp-obo/grant';
import { generic } from '@mcp-obo/idp-profile';
import type fc from 'fast-check';
import type { Cache, CacheWatcher } from '../src/cache.ts';
import { createExchangeEngine, createMemoryCache, type ExchangeEngine, type Upstream } from '../src/index.ts';
import { acme, expenses, noon, policy, resource } from './setup.ts';

/** What became of one request, by a logical clock. */
export interface Served {
  readonly replica: number;
  readonly user: string;
  readonly scope: string;
  readonly begun: number;
  readonly ended: number;
  /** Which answer of the issuer it was; undefined for a refusal or a fault. */
  readonly answer?: Answer;
  /** Seconds for which a token from the cache could still be used when it was served. */
  readonly left?: number;
}

/** One answer of the issuer. */
export interface Answer {
  readonly user: string;
  readonly scope: string;
  /** When it was asked. */
  readonly asked: number;
  /** When it came, and whether it was a fault. */
  ended?: number;
  failed?: boolean;
}

/** Something after which older answers must not be served, and when each replica knew of it. */
export interface Barrier {
  readonly user: string;
  /** Absent: all of the user's. */
  readonly scope?: string;
  readonly from: number;
  /** Whether the store has done it. */
  done: boolean;
  readonly knownTo: number[];
}

/** Several engines on one store, every step of which happens when the scheduler likes. */
export interface ReplicaModel {
  readonly served: Served[];
  readonly barriers: Barrier[];
  readonly answers: Answer[];
  readonly open: () => number;
  readonly request: (replica: number, user: string, scope: string, claims?: string) => Promise<void>;
  readonly evict: (replica: number, user: string) => Promise<void>;
  /** The user is revoked: each replica knows it when the scheduler likes, and forgets it never. */
  readonly revoke: (user: string) => void;
  /** Users that a replica knew to be revoked, and since when. */
  readonly revoked: readonly ReadonlyMap<string, number>[];
  /** Seconds pass. */
  readonly pass: (seconds: number) => void;
  /** News of evictions do not reach the replica until it is joined again. */
  readonly part: (replica: number) => void;
  readonly join: (replica: number) => void;
}

const grantOf = (token: string, claims: Partial<Grant>): Grant =>
  ({
    issuer: acme,
    tenant: 'acme',
    profile: 'generic',
    client: 'inspector',
    audience: [resource],
    roles: [],
    groups: [],
    groupsOverage: false,
    amr: [],
    issuedAt: noon,
    expiresAt: noon + 3600,
    tokenHash: tokenHash(token),
    tokenId: token,
    claims: {},
    ...claims,
  }) as Grant;

/** `fails` says of each call of the issuer, in turn, whether it is a fault. */
export function createReplicaModel(
  scheduler: fc.Scheduler,
  { replicas, fails }: { readonly replicas: number; readonly fails: () => boolean },
): ReplicaModel {
  let seconds = 0;
  const now = () => (noon + seconds) * 1000;
  const store = createMemoryCache({ now });
  let clock = 0;
  let running = 0;
  const served: Served[] = [];
  const barriers: Barrier[] = [];
  const answers: Answer[] = [];
  /** Claims challenges under way, with the earliest beginning of any that they may have joined. */
  const challenges = new Set<{ readonly what: string; readonly from: number }>();
  const step = (label: string) => scheduler.schedule(Promise.resolve(), label);

  const upstream: Upstream = {
    issuer: acme,
    tenant: 'acme',
    profile: generic,
    answerIssuers: [acme],
    registration: () => ({ clientId: resource, id: 'registration' }),
    async exchange({ subjectToken, scopes }) {
      const answer: Answer = { user: subjectToken, scope: scopes.join(), asked: ++clock };
      const number = answers.push(answer) - 1;
      const failing = fails();
      await step('issuer answers');
      answer.ended = ++clock;
      answer.failed = failing;
      if (failing) throw new Error('fault');
      return { accessToken: `token-${number}`, expiresIn: 300 };
    },
    clientCredentials: () => Promise.reject(new Error('not asked for')),
  };

  /** The store as one replica sees it: each command takes its time to get there, and its answer to come back. */
  function viewOf(replica: number): { cache: Cache; part: () => void; join: () => void } {
    const watchers = new Set<CacheWatcher>();
    let parted = false;
    const later = <A extends unknown[], R>(name: string, work: (...args: A) => Promise<R>) =>
      (async (...args: A) => {
        await step(`${replica} ${name} >`);
        const result = await work(...args);
        await step(`${replica} ${name} <`);
        return result;
      }) as (...args: A) => Promise<R>;
    store.watch({
      evicted(name) {
        const covered = barriers.filter(({ user }) => tagOf(user) === name);
        for (const barrier of covered) barrier.done = true;
        void step(`${replica} hears`).then(() => {
          if (parted) return;
          for (const watcher of watchers) watcher.evicted(name);
          for (const barrier of covered) know(barrier, replica);
        });
      },
      lost: () => undefined,
      restored: () => undefined,
    });
    const cache: Cache = {
      ...store,
      get: later('get', store.get),
      set: later('set', store.set),
      delete: later('delete', store.delete),
      evictByTag: later('evict', store.evictByTag),
      async claim(key, options) {
        await step(`${replica} claim >`);
        const claim = await store.claim(key, options);
        await step(`${replica} claim <`);
        if (claim.state !== 'held') return claim;
        return { ...claim, fill: later('fill', claim.fill), release: later('release', claim.release) };
      },
      watch(watcher) {
        watchers.add(watcher);
        watcher.restored();
        return () => void watchers.delete(watcher);
      },
    };
    return {
      cache,
      part() {
        parted = true;
        for (const watcher of watchers) watcher.lost();
      },
      join() {
        if (!parted) return;
        parted = false;
        for (const watcher of watchers) watcher.restored();
        for (const barrier of barriers) if (barrier.done) know(barrier, replica);
      },
    };
  }

  function know(barrier: Barrier, replica: number): void {
    barrier.knownTo[replica] ??= ++clock;
  }

  const tagOf = (user: string) => subjectKey('user', acme, user);
  const views = Array.from({ length: replicas }, (_, index) => viewOf(index));
  const revoked = views.map(() => new Map<string, number>());
  const engines: readonly ExchangeEngine[] = views.map(({ cache }, index) =>
    createExchangeEngine({
      targets: { 'expenses-api': expenses },
      upstreams: [upstream],
      policy: { ...policy, rules: policy.rules.map((rule) => ({ ...rule, tenants: ['acme'] })) },
      cache,
      answers: { validate: async ({ token }) => answeredGrant(token) },
      now,
      revocations: {
        isRevoked: ({ user }) => revoked[index]?.has(user?.key ?? '') === true,
        isFresh: () => true,
        age: () => 0,
      },
      schedule: () => () => undefined,
    }),
  );

  function answeredGrant(token: string): Grant {
    const answer = answers[Number(token.split('-')[1])];
    return grantOf(token, {
      audience: ['api://expenses'],
      user: { issuer: acme, key: answer?.user ?? '' },
      scopes: (answer?.scope ?? '').split(','),
    });
  }

  return {
    served,
    barriers,
    answers,
    open: () => running,
    async request(replica, user, scope, claims) {
      const begun = ++clock;
      const what = `${replica} ${user} ${scope}`;
      const equal = [...challenges].filter((one) => one.what === what);
      const challenge = { what, from: Math.min(begun, ...equal.map(({ from }) => from)) };
      if (claims !== undefined) challenges.add(challenge);
      running += 1;
      const grant = grantOf(user, {
        user: { issuer: acme, key: user },
        scopes: ['expenses:read', 'expenses:write'],
      });
      const outcome = await engines[replica]
        ?.exchange({
          client: 'mcp-server',
          grant,
          subjectToken: user,
          target: 'expenses-api',
          scopes: [scope],
          ...(claims === undefined ? {} : { claims }),
        })
        .then(
          ({ accessToken, expiresAt, source }) => ({
            answer: answers[Number(accessToken.split('-')[1])],
            ...(source === 'cache' && { left: expiresAt - now() / 1000 }),
          }),
          () => ({}),
        );
      running -= 1;
      // The answer to a claims challenge is newer than all that was there; who asked for it sees nothing older.
      if (claims !== undefined) {
        const barrier: Barrier = {
          user,
          scope,
          from: challenge.from,
          done: true,
          knownTo: [],
        };
        barriers.push(barrier);
        know(barrier, replica);
        challenges.delete(challenge);
      }
      served.push({ replica, user, scope, begun, ended: ++clock, ...outcome });
    },
    async evict(replica, user) {
      const barrier: Barrier = { user, from: ++clock, done: false, knownTo: [] };
      barriers.push(barrier);
      running += 1;
      await engines[replica]?.evictByTag(tagOf(user));
      know(barrier, replica);
      running -= 1;
    },
    revoke(user) {
      for (const [index, known] of revoked.entries())
        void step(`${index} knows`).then(() => known.set(user, known.get(user) ?? ++clock));
    },
    revoked,
    pass(more) {
      seconds += more;
    },
    part: (replica) => views[replica]?.part(),
    join: (replica) => views[replica]?.join(),
  };
}
