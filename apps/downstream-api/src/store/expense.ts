/** An expense as it leaves this API. */
export interface Expense {
  readonly id: string;
  readonly owner: string;
  /** In the currency, with at most two decimals. */
  readonly amount: number;
  readonly currency: string;
  readonly description: string;
  /** Day, YYYY-MM-DD. */
  readonly submitted: string;
  readonly status: 'submitted' | 'approved';
  readonly approved_by?: string;
}

/** A row of the table, its columns in `columns`. */
export interface ExpenseRow {
  readonly id: string;
  readonly owner: string;
  readonly amount: number;
  readonly currency: string;
  readonly description: string;
  readonly submitted: string;
  readonly approved_by: string | null;
}

export const columns = 'e.id, e.owner, e.amount, e.currency, e.description, e.submitted, e.approved_by';

export function toExpense({ approved_by: approver, amount, ...row }: ExpenseRow): Expense {
  return {
    ...row,
    amount: amount / 100,
    status: approver === null ? 'submitted' : 'approved',
    ...(approver === null ? {} : { approved_by: approver }),
  };
}

/** Hundredths, in which amounts are kept and compared: they have no rounding. */
export function toHundredths(amount: number): number {
  return Math.round(amount * 100);
}
