import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersonEntry } from '../people.ts';
import { inTransaction, openDatabase } from './database.ts';
import { seedExpenses } from './example-expenses.ts';
import { createExpenseStore } from './expense-store.ts';
import { createPeopleStore, replacePeople } from './people-store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'database-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const issuer = 'https://idp.example/acme';
const entry = (username: string, changes: Partial<PersonEntry> = {}): PersonEntry => ({
  issuer,
  user_key: `u-${username}`,
  username,
  role: 'employee',
  tenant: 'acme',
  ...changes,
});

describe('the database', () => {
  it('keeps rows from one start to the next and is not migrated or seeded twice', () => {
    const file = join(folder, 'expenses.db');
    for (let start = 0; start < 3; start += 1) {
      const database = openDatabase(file);
      replacePeople(database, [entry('alice')]);
      seedExpenses(database);
      const store = createExpenseStore({ database, now: () => 0, newId: () => `new-${start}` });
      const mine = store.of({ tenant: 'acme', username: 'alice', role: 'employee' });
      mine.submit({ amount: 1, currency: 'EUR', description: 'x' });
      expect(mine.list().expenses).toHaveLength(2 + start + 1);
      database.close();
    }
  });

  it('that a newer program wrote is not touched', () => {
    const file = join(folder, 'newer.db');
    const database = openDatabase(file);
    database.exec('PRAGMA user_version = 999');
    database.close();
    expect(() => openDatabase(file)).toThrow(/newer\.db cannot be used: it was written by a newer version/);
  });

  it.each([
    ['no database', (file: string) => writeFileSync(file, 'this is text, and long enough to be no header')],
    ['a folder that is not there', () => {}],
  ])('is refused in a sentence when the path is %s', (which, prepare) => {
    const file = which === 'no database' ? join(folder, 'text.db') : join(folder, 'none', 'x.db');
    prepare(file);
    expect(() => openDatabase(file)).toThrow(/^The database .* cannot be used: /);
  });

  it('undoes a transaction that fails', () => {
    const database = openDatabase(':memory:');
    replacePeople(database, [entry('alice')]);
    expect(() =>
      inTransaction(database, () => {
        database.exec('DELETE FROM people');
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(createPeopleStore(database)({ issuer, key: 'u-alice' }, 'acme')).toBeDefined();
    database.close();
  });
});

describe('people', () => {
  it('are those of the file: who has left is nobody, and a new role counts', () => {
    const database = openDatabase(':memory:');
    const find = createPeopleStore(database);
    replacePeople(database, [entry('alice'), entry('bob')]);
    replacePeople(database, [entry('alice', { role: 'finance' })]);
    expect({ ...find({ issuer, key: 'u-alice' }, 'acme') }).toEqual({
      tenant: 'acme',
      username: 'alice',
      role: 'finance',
    });
    expect(find({ issuer, key: 'u-bob' }, 'acme')).toBeUndefined();
    database.close();
  });

  it('are found by issuer and key together, in the tenant of the token only', () => {
    const database = openDatabase(':memory:');
    const find = createPeopleStore(database);
    replacePeople(database, [entry('alice')]);
    expect(find({ issuer: 'https://idp.example/other', key: 'u-alice' }, 'acme')).toBeUndefined();
    expect(find({ issuer, key: 'u-alice' }, 'globex')).toBeUndefined();
    database.close();
  });
});

it('says when a list has more than it shows', () => {
  const database = openDatabase(':memory:');
  let ids = 0;
  const store = createExpenseStore({ database, now: () => 0, newId: () => `new-${++ids}` });
  const mine = store.of({ tenant: 'acme', username: 'alice', role: 'employee' });
  for (let count = 0; count < 500; count += 1) mine.submit({ amount: 1, currency: 'EUR', description: 'x' });
  expect(mine.list()).toMatchObject({ more: false, expenses: { length: 500 } });
  mine.submit({ amount: 1, currency: 'EUR', description: 'x' });
  expect(mine.list()).toMatchObject({ more: true, expenses: { length: 500 } });
  expect(mine.report('1970-01').totals).toEqual([
    { currency: 'EUR', status: 'submitted', count: 501, amount: 501 },
  ]);
  database.close();
});
