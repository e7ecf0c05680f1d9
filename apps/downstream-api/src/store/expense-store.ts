import type { DatabaseSync } from 'node:sqlite';
import { Problem } from '../problem.ts';
import { columns, type Expense, type ExpenseRow, toExpense, toHundredths } from './expense.ts';
import type { Person } from './people-store.ts';
import { visibleRows } from './visible-rows.ts';

/** A new expense, as its owner hands it in. */
export interface NewExpense {
  readonly amount: number;
  readonly currency: string;
  readonly description: string;
}

/** Sum of a group of expenses in one currency. */
export interface Total {
  readonly currency: string;
  readonly status: Expense['status'];
  readonly count: number;
  readonly amount: number;
}

/** The expenses one person may see. There is no way to ask for any other. */
export interface PersonalExpenses {
  list(status?: Expense['status']): { expenses: Expense[]; more: boolean };
  /** Throws `not_found` for an id that does not exist and, alike, for one of somebody else. */
  get(id: string): Expense;
  submit(expense: NewExpense): Expense;
  /** Throws `own_expense`, `already_approved` or `amount_mismatch`. */
  approve(id: string, amount: number): Expense;
  remove(id: string): void;
  /** A month as YYYY-MM. */
  report(month: string): { month: string; totals: Total[]; expenses: Expense[] };
}

export interface ExpenseStore {
  of(person: Person): PersonalExpenses;
  /** Sums over a whole tenant, of one day or of all. No single row can be told from them. */
  totals(tenant: string, date?: string): Total[];
}

export interface ExpenseStoreDeps {
  readonly database: DatabaseSync;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly newId: () => string;
}

const mostRows = 500;

export function createExpenseStore({ database, now, newId }: ExpenseStoreDeps): ExpenseStore {
  const insert = database.prepare(
    `INSERT INTO expenses (id, tenant, owner, amount, currency, description, submitted)
     VALUES (:id, :tenant, :owner, :amount, :currency, :description, :submitted)`,
  );
  const setApproved = database.prepare('UPDATE expenses SET approved_by = ? WHERE id = ? AND tenant = ?');
  const remove = database.prepare('DELETE FROM expenses WHERE id = ? AND tenant = ?');
  const totals = database.prepare(
    `SELECT e.currency, iif(e.approved_by IS NULL, 'submitted', 'approved') AS status,
       count(*) AS count, sum(e.amount) AS amount
     FROM expenses e WHERE e.tenant = :tenant AND (:date IS NULL OR e.submitted = :date)
     GROUP BY 1, 2 ORDER BY 1, 2`,
  );

  return {
    of(person) {
      const { tenant, username, role } = person;
      const rows = (condition: string, values: Record<string, string> = {}): Expense[] =>
        (
          database
            .prepare(
              `SELECT ${columns} FROM expenses e WHERE (${visibleRows[role]}) AND (${condition})
               ORDER BY e.submitted DESC, e.id LIMIT ${mostRows + 1}`,
            )
            .all({ tenant, username, ...values }) as unknown as ExpenseRow[]
        ).map(toExpense);
      const get = (id: string): Expense => {
        const [found] = rows('e.id = :id', { id });
        if (found === undefined)
          throw new Problem('not_found', `There is no expense ${id} that you may see.`);
        return found;
      };
      return {
        get,
        list(status) {
          const found = rows(status === undefined ? 'TRUE' : conditions[status]);
          return { expenses: found.slice(0, mostRows), more: found.length > mostRows };
        },
        submit({ amount, currency, description }) {
          const id = newId();
          const submitted = new Date(now()).toISOString().slice(0, 10);
          const row = { id, tenant, owner: username, amount: toHundredths(amount), currency, description };
          insert.run({ ...row, submitted });
          return get(id);
        },
        approve(id, amount) {
          const expense = get(id);
          const refuse = approvalProblem(expense, username, amount);
          if (refuse !== undefined) throw refuse;
          setApproved.run(username, id, tenant);
          return get(id);
        },
        remove(id) {
          get(id);
          remove.run(id, tenant);
        },
        report(month) {
          const expenses = rows("e.submitted LIKE :month || '-%'", { month });
          return { month, totals: sum(expenses), expenses };
        },
      };
    },
    totals(tenant, date) {
      const found = totals.all({ tenant, date: date ?? null }) as unknown as Total[];
      return found.map((total) => ({ ...total, amount: total.amount / 100 }));
    },
  };
}

const conditions: Readonly<Record<Expense['status'], string>> = {
  submitted: 'e.approved_by IS NULL',
  approved: 'e.approved_by IS NOT NULL',
};

/** The amount is asked for so that nobody approves what an agent only says is there. */
function approvalProblem(expense: Expense, approver: string, amount: number): Problem | undefined {
  const { id, owner, status } = expense;
  if (owner === approver) return new Problem('own_expense', 'You cannot approve your own expense.');
  if (status === 'approved') return new Problem('already_approved', `Expense ${id} is approved already.`);
  if (toHundredths(amount) === toHundredths(expense.amount)) return undefined;
  return new Problem(
    'amount_mismatch',
    `The amount of expense ${id} is ${expense.amount} ${expense.currency}, not ${amount}. Nothing was approved.`,
  );
}

function sum(expenses: readonly Expense[]): Total[] {
  const groups = Map.groupBy(expenses, ({ currency, status }) => `${currency} ${status}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { currency, status } = first;
    const amount = group.reduce((total, expense) => total + toHundredths(expense.amount), 0) / 100;
    return [{ currency, status, count: group.length, amount }];
  });
}
