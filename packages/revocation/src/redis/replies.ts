import type { RevocationEntry } from '../revocation.ts';

/** Where the list in Redis stands. */
export interface ListState {
  /** A list that was lost and begun anew has another. */
  readonly generation: string;
  /** Milliseconds since it was begun. */
  readonly generationAge: number;
  /** Id of its newest entry. */
  readonly newest: string;
}

/** What stands in a piece of the stream. */
export interface ListPiece {
  readonly entries: readonly RevocationEntry[];
  /** How many records it had, readable or not. */
  readonly records: number;
  /** Id of the last one. */
  readonly last: string;
  /** How many of them were no entries. */
  readonly unreadable: number;
}

/** @throws TypeError for what is no answer to the question: then it is that of another, and none can be trusted. */
export function readState(reply: unknown): ListState {
  if (!Array.isArray(reply)) throw new TypeError('Redis gave no state of the revocations.');
  const [generation, generationAge, newest] = reply;
  if (typeof generation === 'string' && Number.isFinite(generationAge) && isId(newest))
    return { generation, generationAge, newest };
  throw new TypeError('Redis gave no state of the revocations.');
}

/** @throws TypeError as above; null, for nothing new, is an answer. */
export function readPiece(reply: unknown, log: string): ListPiece | undefined {
  if (reply === null) return undefined;
  const [stream, ...others] = Array.isArray(reply) ? reply : [];
  const [name, records] = Array.isArray(stream) ? stream : [];
  const last: unknown = Array.isArray(records) ? records.at(-1)?.[0] : undefined;
  if (others.length > 0 || name !== log || !isId(last))
    throw new TypeError('Redis gave no piece of the revocations.');
  const entries: RevocationEntry[] = [];
  let unreadable = 0;
  for (const [, fields] of records as readonly (readonly [string, readonly unknown[]])[]) {
    if (fields[0] === 'begun') continue;
    const entry = fields[0] === 'entry' ? readEntry(fields[1]) : undefined;
    if (entry === undefined) unreadable += 1;
    else entries.push(entry);
  }
  return { entries, records: records.length, last, unreadable };
}

/** An entry as it stands in the stream. */
export function writeEntry({ key, before, until }: RevocationEntry): string {
  return JSON.stringify([key, before, until]);
}

function readEntry(text: unknown): RevocationEntry | undefined {
  try {
    const [key, before, until, ...more] = JSON.parse(String(text));
    const isEntry = typeof key === 'string' && Number.isFinite(before) && Number.isFinite(until);
    return isEntry && more.length === 0 ? { key, before, until } : undefined;
  } catch {
    return undefined;
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^\d+-\d+$/.test(value);
}

/** Whether the id of a stream is older than another (Redis, Streams: milliseconds and a sequence). */
export function isOlder(one: string, other: string): boolean {
  const [ms = 0n, sequence = 0n] = one.split('-').map(BigInt);
  const [otherMs = 0n, otherSequence = 0n] = other.split('-').map(BigInt);
  return ms < otherMs || (ms === otherMs && sequence < otherSequence);
}
