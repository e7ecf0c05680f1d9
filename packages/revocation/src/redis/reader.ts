import type { Cluster, Redis } from 'ioredis';
import type { RevocationEntry } from '../revocation.ts';
import { isOlder, type ListState, readPiece, readState } from './replies.ts';
import { defineListScripts, type ListKeys, type ListScripts } from './scripts.ts';

/** Follows the list in Redis. */
export interface ListReader {
  /** Where the list stands. `began`: it is another one than last time, or has lost entries, and is read from its start. */
  readonly state: () => Promise<ListState & { readonly began: boolean }>;
  /** Reads on to the end. */
  readonly catchUp: () => Promise<void>;
  /** Waits for what is new, at most so many milliseconds. */
  readonly listen: (milliseconds: number) => Promise<void>;
}

export interface ListReaderOptions {
  /** A connection of its own: it is blocked while it listens. It may be another one each time. */
  readonly redis: () => Redis | Cluster;
  readonly keys: ListKeys;
  /** A fresh unguessable string. */
  readonly random: () => string;
  readonly onEntry: (entry: RevocationEntry) => void;
  /** Told how many records could not be read. */
  readonly onUnreadable: (count: number) => void;
}

const start = '0-0';
const pieceSize = 1000;

export function createListReader(options: ListReaderOptions): ListReader {
  const { redis, keys, onEntry, onUnreadable } = options;
  const scripted = new WeakMap<Redis | Cluster, ListScripts>();
  let generation: string | undefined;
  let last = start;

  function take(reply: unknown): number {
    const piece = readPiece(reply, keys.log);
    if (piece === undefined) return 0;
    for (const entry of piece.entries) onEntry(entry);
    if (piece.unreadable > 0) onUnreadable(piece.unreadable);
    last = piece.last;
    return piece.records;
  }

  function scripts(): ListScripts {
    const connection = redis();
    const known = scripted.get(connection) ?? defineListScripts(connection);
    scripted.set(connection, known);
    return known;
  }

  return {
    async state() {
      const state = readState(
        await scripts().mcpOboRevocationState(keys.generation, keys.log, options.random()),
      );
      const began = state.generation !== generation || isOlder(state.newest, last);
      if (began) last = start;
      generation = state.generation;
      return { ...state, began };
    },
    async catchUp() {
      let records = pieceSize;
      while (records === pieceSize)
        records = take(await redis().xread('COUNT', pieceSize, 'STREAMS', keys.log, last));
    },
    async listen(milliseconds) {
      take(await redis().xread('COUNT', pieceSize, 'BLOCK', milliseconds, 'STREAMS', keys.log, last));
    },
  };
}
