import { OAuthError } from '@mcp-obo/oauth-error';
import { createKeyFetch, type KeyFetchOptions } from './key-fetch.ts';
import type { KeySet } from './key-set.ts';
import type { ValidatorEvent } from './validator-event.ts';

/** How long keys are used and how often they are asked for. Milliseconds. */
interface KeyTimes {
  /** Age at which keys are due for renewal. */
  readonly ttl: number;
  /** Least time between two fetches that tokens ask for. */
  readonly cooldown: number;
  /** Age up to which keys are used while the issuer cannot be reached. */
  readonly maxStale: number;
}

/** What a key source is made of. */
export interface KeySourceOptions extends KeyFetchOptions {
  readonly times: KeyTimes;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly emit: (event: ValidatorEvent) => void;
}

/** A key set with the time its fetch began. */
export interface LoadedKeys {
  readonly set: KeySet;
  readonly loadedAt: number;
}

/** The keys of one issuer over time. */
export interface KeySource {
  /** Keys that may be used at once; starts a renewal in the background when one is due. */
  peek(): LoadedKeys | undefined;
  /** Keys that may be used, waiting for a fetch if need be; `justLoaded` when it did. Rejects with 503 when there are none. */
  current(): Promise<{ readonly keys: LoadedKeys; readonly justLoaded: boolean }>;
  /** Keys fetched after `seen`, or undefined when the cooldown forbids a fetch or it failed. */
  newerThan(seen: LoadedKeys): Promise<LoadedKeys | undefined>;
  /** Seconds until another fetch may be tried, at least 1. */
  retryAfter(): number;
  /** Ends a running fetch; no further one begins. */
  close(): void;
}

/** Share of the time to live after which keys are renewed in the background. */
const renewAt = 0.8;

/**
 * Keeps the keys of an issuer: one fetch at a time however many ask, renewal before they expire, one fetch
 * per cooldown for tokens with a new key, and the last good set while the issuer is down.
 */
export function createKeySource(options: KeySourceOptions): KeySource {
  const { now, emit, issuer } = options;
  const { ttl, cooldown, maxStale } = options.times;
  const closing = new AbortController();
  const fetchKeys = createKeyFetch(options, closing.signal);
  let loaded: LoadedKeys | undefined;
  let running: Promise<boolean> | undefined;
  let failures = 0;
  let lastFailure: unknown;
  let retryAt = Number.NEGATIVE_INFINITY;
  let forcedUntil = Number.NEGATIVE_INFINITY;

  function load(trigger: 'initial' | 'background' | 'forced'): Promise<boolean> {
    running ??= fetchOnce(trigger).finally(() => {
      running = undefined;
    });
    return running;
  }

  async function fetchOnce(trigger: 'initial' | 'background' | 'forced'): Promise<boolean> {
    const startedAt = now();
    const report = (outcome: 'success' | 'failure', failure: { err?: unknown } = {}) =>
      emit({ type: 'jwks_refresh', issuer, outcome, trigger, milliseconds: now() - startedAt, ...failure });
    try {
      const set = await fetchKeys();
      const unchanged = loaded?.set.version === set.version ? loaded.set : undefined;
      loaded = { set: unchanged ?? set, loadedAt: startedAt };
      failures = 0;
      if (unchanged === undefined) reportLeftOut(set);
      report('success');
      return true;
    } catch (cause) {
      lastFailure = cause;
      retryAt = now() + Math.min(cooldown, 1000 * 2 ** Math.min(failures, 10));
      failures += 1;
      report('failure', { err: cause });
      if (loaded !== undefined && now() - loaded.loadedAt >= ttl) {
        emit({ type: 'jwks_stale', issuer, ageSeconds: Math.floor((now() - loaded.loadedAt) / 1000) });
      }
      return false;
    }
  }

  function reportLeftOut(set: KeySet): void {
    for (const { kid, problem } of set.leftOut) emit({ type: 'jwks_key_left_out', issuer, kid, problem });
  }

  const retryAfter = () => Math.max(1, Math.ceil((Math.max(retryAt, forcedUntil) - now()) / 1000));
  const mayTry = () => !closing.signal.aborted && now() >= retryAt;

  function peek(): LoadedKeys | undefined {
    if (loaded === undefined) return undefined;
    const age = now() - loaded.loadedAt;
    if (age < ttl * renewAt) return loaded;
    if (age >= maxStale) return undefined;
    if (running === undefined && mayTry()) void load('background');
    return age < ttl || failures > 0 ? loaded : undefined;
  }

  return {
    peek,
    async current() {
      const ready = peek();
      if (ready !== undefined) return { keys: ready, justLoaded: false };
      const wait = running ?? (mayTry() ? load(loaded === undefined ? 'initial' : 'background') : undefined);
      const justLoaded = (await wait) === true;
      if (loaded !== undefined && now() - loaded.loadedAt < maxStale) return { keys: loaded, justLoaded };
      throw keysUnavailable(retryAfter(), lastFailure);
    },
    async newerThan(seen) {
      if (loaded !== undefined && loaded !== seen) return loaded;
      if (running === undefined) {
        if (closing.signal.aborted || now() < forcedUntil) return undefined;
        forcedUntil = now() + cooldown;
      }
      return (await load('forced')) ? loaded : undefined;
    },
    retryAfter,
    close: () => closing.abort(new Error('The validator is closed.')),
  };
}

/** 503: the issuer's keys cannot be had, which is no fault of the caller's. */
export function keysUnavailable(retryAfter: number, cause?: unknown): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The access token cannot be checked at the moment.', {
    reason: 'keys_unavailable',
    retryAfter,
    cause,
  });
}
