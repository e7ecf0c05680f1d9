import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './database.ts';

/** Expenses of the example people, so that a first `list_expenses` shows something. */
const examples: readonly (readonly [
  id: string,
  owner: string,
  hundredths: number,
  currency: string,
  description: string,
  submitted: string,
  approvedBy: string | null,
])[] = [
  ['exp-1', 'alice', 4820, 'EUR', 'Train to Lyon', '2026-10-05', null],
  ['exp-2', 'alice', 12900, 'EUR', 'Hotel in Lyon', '2026-10-06', 'maria'],
  ['exp-3', 'bob', 2350, 'EUR', 'Taxi to the airport', '2026-10-12', null],
  ['exp-4', 'bob', 185000, 'EUR', 'Conference ticket', '2026-10-20', null],
  ['exp-5', 'maria', 31000, 'EUR', 'Team dinner', '2026-10-22', null],
  ['exp-6', 'frank', 1575, 'EUR', 'Parking', '2026-10-23', null],
  ['exp-7', 'gina', 6400, 'USD', 'Lunch with a client', '2026-10-09', null],
];

/** Puts the examples into an empty table, each to the tenant its owner is in. Does nothing to a table with rows. */
export function seedExpenses(database: DatabaseSync): void {
  const insert = database.prepare(
    `INSERT INTO expenses (id, tenant, owner, amount, currency, description, submitted, approved_by)
     SELECT :id, tenant, username, :amount, :currency, :description, :submitted, :approvedBy
     FROM people WHERE username = :owner ORDER BY tenant LIMIT 1`,
  );
  inTransaction(database, () => {
    const { count } = database.prepare('SELECT count(*) AS count FROM expenses').get() as { count: number };
    if (count > 0) return;
    for (const [id, owner, amount, currency, description, submitted, approvedBy] of examples)
      insert.run({ id, owner, amount, currency, description, submitted, approvedBy });
  });
}
