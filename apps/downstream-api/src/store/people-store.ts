import type { DatabaseSync } from 'node:sqlite';
import type { UserKey } from '@mcp-obo/grant';
import type { PersonEntry, Role } from '../people.ts';
import { inTransaction } from './database.ts';

/** A person of one tenant, as this API knows it. */
export interface Person {
  readonly tenant: string;
  readonly username: string;
  readonly role: Role;
}

/** Makes the people of the database those of the list: who is not on it any more sees nothing. */
export function replacePeople(database: DatabaseSync, entries: readonly PersonEntry[]): void {
  const addPerson = database.prepare(
    'INSERT OR IGNORE INTO people (tenant, username, role, manager) VALUES (?, ?, ?, ?)',
  );
  const addIdentity = database.prepare(
    'INSERT INTO identities (issuer, user_key, tenant, username) VALUES (?, ?, ?, ?)',
  );
  inTransaction(database, () => {
    database.exec('DELETE FROM people');
    for (const { tenant, username, role, manager = null, issuer, user_key: key } of entries) {
      addPerson.run(tenant, username, role, manager);
      addIdentity.run(issuer, key, tenant, username);
    }
  });
}

/** Finds the person behind a user key of one issuer. */
export type FindPerson = (user: UserKey, tenant: string) => Person | undefined;

/** The tenant is that of the token: an identity that was listed under another one is nobody here. */
export function createPeopleStore(database: DatabaseSync): FindPerson {
  const find = database.prepare(
    `SELECT p.tenant, p.username, p.role FROM identities i JOIN people p USING (tenant, username)
     WHERE i.issuer = :issuer AND i.user_key = :key AND i.tenant = :tenant`,
  );
  return ({ issuer, key }, tenant) => find.get({ issuer, key, tenant }) as Person | undefined;
}
