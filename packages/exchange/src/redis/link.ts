import type { Cluster, Redis } from 'ioredis';
import type { Scheduler } from '../scheduler.ts';

/** The way by which processes that share a Redis tell each other at once what happened. */
export interface Link {
  /** Whether Redis answered a moment ago. */
  readonly up: () => boolean;
  /** Resolves when an end of this name is told, or when the link is lost: then nobody may be there to tell. */
  readonly expectEnd: (name: string) => { readonly ended: Promise<void>; readonly dispose: () => void };
  readonly tellEviction: (message: Buffer) => Promise<void>;
  readonly close: () => void;
}

export interface LinkOptions {
  /** A connection of its own: it is only listened to. */
  readonly listener: Redis | Cluster;
  /** Where it is told. */
  readonly redis: Redis | Cluster;
  readonly channel: string;
  /** Names this process among the others. */
  readonly self: string;
  readonly onEviction: (message: Buffer) => void;
  readonly onLost: () => void;
  readonly onRestored: () => void;
  readonly schedule: Scheduler;
  /** Milliseconds between two messages to oneself, which prove that what others tell arrives. */
  readonly beat: number;
}

/** First letter of a message. */
const word = { end: 'd', eviction: 'e', beat: 'b' } as const;

/** What is published when work on an entry ended. */
export const endMessage = (name: string): string => `${word.end}${name}`;

/**
 * Listens on a channel. The link holds while messages to oneself come back within two beats: so what was told
 * three beats ago has arrived, also where a connection looks well and is not.
 */
export function createLink(options: LinkOptions): Link {
  const { listener, redis, channel, self, schedule, beat } = options;
  const waiting = new Map<string, Set<() => void>>();
  let state: 'down' | 'starting' | 'up' = 'down';
  let sent = 0;
  let echoed = 0;
  let cancel = () => {};

  function receive(message: Buffer): void {
    const text = () => message.toString('latin1', 1);
    switch (message.toString('latin1', 0, 1)) {
      case word.end:
        for (const resolve of waiting.get(text()) ?? []) resolve();
        break;
      case word.eviction:
        options.onEviction(message.subarray(1));
        break;
      case word.beat:
        if (text().startsWith(`${self}:`)) hearOneself(Number(text().slice(self.length + 1)));
    }
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
    sent += 1;
    redis.publish(channel, `${word.beat}${self}:${sent}`).catch(() => undefined);
    cancel = schedule(beatOn, beat);
  }

  async function begin(): Promise<void> {
    lose();
    try {
      await listener.subscribe(channel);
      state = 'starting';
      beatOn();
    } catch {
      cancel();
      cancel = schedule(() => void (listener.status === 'ready' && begin()), beat);
    }
  }

  listener.on('messageBuffer', (_channel: Buffer, message: Buffer) => receive(message));
  listener.on('ready', begin);
  for (const event of ['close', 'end', 'error']) listener.on(event, lose);
  if (listener.status === 'ready') void begin();
  // Connections that are opened with the first command: this one is opened with the other.
  if (listener.status === 'wait') redis.once('ready', () => void listener.connect().catch(() => undefined));

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
      await redis.publish(channel, Buffer.concat([Buffer.from(word.eviction), message]));
    },
    close() {
      lose();
      listener.disconnect();
    },
  };
}
