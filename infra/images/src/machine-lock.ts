import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a process that waits looks again. Milliseconds. */
const interval = 200;
/** SQLite's result code of a file that another connection has locked. */
const busy = 5;

export interface MachineLockOptions {
  /** Told once, before the wait, when somebody else has the lock. */
  readonly onWait?: () => void;
  /** Gives the wait up when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Does the work while nobody else on this machine does theirs under the lock of the same file. It is a lock of the
 * operating system, by way of SQLite, so it ends with its holder however that ends, and no file has to be tidied up.
 */
export async function withMachineLock<T>(
  file: string,
  work: () => Promise<T>,
  { onWait, signal }: MachineLockOptions = {},
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(file);
  try {
    if (!taken(lock)) {
      onWait?.();
      do await sleep(interval, undefined, { ...(signal !== undefined && { signal }) });
      while (!taken(lock));
    }
    return await work();
  } finally {
    lock.close();
  }
}

function taken(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return false;
    throw error;
  }
}
