import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StartupError } from '@mcp-obo/service';

const migrations = new URL('../../migrations/', import.meta.url);

/** Opens the database and brings it to the newest migration. Throws a `StartupError` when that cannot be. */
export function openDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: 2000 });
    database.exec('PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL;');
    migrate(database);
    return database;
  } catch (cause) {
    throw new StartupError(`The database ${path} cannot be used: ${(cause as Error).message}.`, { cause });
  }
}

/** Runs `work` in a transaction: all of it happens or, when it throws, none. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** `user_version` counts the files that were applied, in the order of their names. */
function migrate(database: DatabaseSync): void {
  const files = readdirSync(migrations)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  const { user_version: done } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (done > files.length) throw new Error('it was written by a newer version of this program');
  for (const [index, file] of files.entries()) {
    if (index < done) continue;
    inTransaction(database, () => {
      database.exec(readFileSync(new URL(file, migrations), 'utf8'));
      database.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}
