import type { Cluster, Redis } from 'ioredis';
import type { Scheduler } from '../scheduler.ts';
import { openListener } from './listener.ts';
import type { RedisNames } from './names.ts';

/** The way by which processes that share a Redis tell each other at once what happened. */
export interface Link {
  /** Whether what is told arrived a moment ago. */
  readonly up: () => boolean;
  /** Resolves when an end of this name is told, or when the link is lost: then nobody may be there to tell. */
  readonly expectEnd: (name: string) => { readonly ended: Promise<void>; readonly dispose: () => void };
  readonly tellEviction: (message: Buffer) => Promise<void>;
  readonly close: () => void;
}

export interface LinkOptions {
  /** Where it is told; what is heard comes over a connection of its own. */
  readonly redis: Redis | Cluster;
  readonly names: Pick<RedisNames, 'ends' | 'news'>;
  /** Names this process among the others. */
  readonly self: string;
  readonly onEviction: (message: Buffer) => void;
  readonly onLost: () => void;
  readonly onRestored: () => void;
  readonly schedule: Scheduler;
  /** Milliseconds between two messages to oneself, which prove that what others tell arrives. */
  readonly beat: number;
}

/** First letter of what is told among the news. */
const word = { eviction: 'e', beat: 'b' } as const;

/** Beats without an echo after which another connection is tried. */
const patience = 5;

/**
 * Listens to the news. The link holds while messages to oneself come back within two beats: so what was told
 * three beats ago has arrived, also where a connection looks well and is not.
 */
export function createLink(options: LinkOptions): Link {
  const { redis, names, self, schedule, beat } = options;
  const waiting = new Map<string, Set<() => void>>();
  let listener: Redis | undefined;
  let state: 'down' | 'starting' | 'up' = 'down';
  let closed = false;
  let sent = 0;
  let echoed = 0;
  let cancel = () => {};

  function hearNews(message: Buffer): void {
    const letter = message.toString('latin1', 0, 1);
    if (letter === word.eviction) options.onEviction(message.subarray(1));
    const [name, number] = letter === word.beat ? message.toString('latin1', 1).split(' ') : [];
    if (name === self) hearOneself(Number(number));
  }

  function hearEnd(name: string): void {
    for (const resolve of waiting.get(name) ?? []) resolve();
  }

  function hearOneself(beatNumber: number): void {
    if (beatNumber <= echoed) return;
    echoed = beatNumber;
    if (state !== 'starting') return;
    state = 'up';
    options.onRestored();
  }

  function lose(): void {
    cancel();
    const was = state;
    state = 'down';
    echoed = sent;
    for (const resolvers of waiting.values()) for (const resolve of resolvers) resolve();
    waiting.clear();
    if (was === 'up') options.onLost();
  }

  function beatOn(): void {
    if (state === 'up' && sent - echoed > 1) {
      lose();
      state = 'starting';
    }
    if (sent - echoed >= patience) {
      listener?.disconnect();
      return;
    }
    sent += 1;
    redis.spublish(names.news, `${word.beat}${self} ${sent}`).catch(() => undefined);
    cancel = schedule(beatOn, beat);
  }

  async function begin(opened: Redis): Promise<void> {
    try {
      await Promise.all([opened.ssubscribe(names.news), opened.subscribe(names.ends)]);
      if (opened !== listener || closed) return;
      state = 'starting';
      beatOn();
    } catch {
      opened.disconnect();
    }
  }

  function open(): void {
    if (closed) return;
    listener = openListener(redis, names.news);
    if (listener === undefined) {
      openLater();
      return;
    }
    const opened = listener;
    opened.on('smessageBuffer', (_channel: Buffer, message: Buffer) => hearNews(message));
    opened.on('messageBuffer', (_channel: Buffer, message: Buffer) => hearEnd(message.toString('latin1')));
    opened.on('error', () => undefined);
    opened.on('ready', () => begin(opened));
    opened.once('end', () => {
      lose();
      openLater();
    });
  }

  function openLater(): void {
    if (closed) return;
    cancel = schedule(openWhenReady, beat);
  }

  /** Connections that are opened with the first command: this one is opened with the other. */
  function openWhenReady(): void {
    if (redis.status === 'ready') open();
    else redis.once('ready', open);
  }

  openWhenReady();

  return {
    up: () => state === 'up',
    expectEnd(name) {
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      const resolvers = waiting.get(name) ?? new Set();
      waiting.set(name, resolvers.add(resolve));
      const dispose = () => {
        resolvers.delete(resolve);
        if (resolvers.size === 0 && waiting.get(name) === resolvers) waiting.delete(name);
      };
      return { ended, dispose };
    },
    async tellEviction(message) {
      await redis.spublish(names.news, Buffer.concat([Buffer.from(word.eviction), message]));
    },
    close() {
      closed = true;
      redis.off('ready', open);
      lose();
      listener?.disconnect();
    },
  };
}
