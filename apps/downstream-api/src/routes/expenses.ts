import { z } from 'zod';
import { type Operation, requestOf, userOperation } from '../operation.ts';

const id = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'is no id of an expense');
const amount = z
  .number()
  .positive()
  .max(1_000_000)
  .refine((value) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-6, 'has at most two decimals');

/** What people do with expenses. */
export const expenseOperations: readonly Operation[] = [
  userOperation({
    method: 'GET',
    url: '/expenses',
    scope: 'api:expenses.read',
    input: requestOf({ query: { status: z.enum(['submitted', 'approved']).optional() } }),
    run: (expenses, { query }) => expenses.list(query.status),
  }),
  userOperation({
    method: 'GET',
    url: '/expenses/:id',
    scope: 'api:expenses.read',
    input: requestOf({ params: { id } }),
    run: (expenses, { params }) => ({ expense: expenses.get(params.id) }),
  }),
  userOperation({
    method: 'POST',
    url: '/expenses',
    scope: 'api:expenses.write',
    status: 201,
    roles: ['employee', 'manager', 'finance'],
    input: requestOf({
      body: z.strictObject({
        amount,
        currency: z.string().regex(/^[A-Z]{3}$/, 'is no ISO 4217 code'),
        description: z.string().trim().min(1).max(200),
      }),
    }),
    run: (expenses, { body }) => ({ expense: expenses.submit(body) }),
  }),
  userOperation({
    method: 'POST',
    url: '/expenses/:id/approve',
    scope: 'api:expenses.approve',
    roles: ['manager'],
    input: requestOf({ params: { id }, body: z.strictObject({ amount }) }),
    run: (expenses, { params, body }) => ({ expense: expenses.approve(params.id, body.amount) }),
  }),
  userOperation({
    method: 'DELETE',
    url: '/expenses/:id',
    scope: 'api:expenses.admin',
    roles: ['finance'],
    input: requestOf({ params: { id } }),
    run: (expenses, { params }) => {
      expenses.remove(params.id);
      return { deleted: params.id };
    },
  }),
  userOperation({
    method: 'GET',
    url: '/reports/:month',
    scope: 'api:expenses.read',
    input: requestOf({
      params: { month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'is no month such as 2026-10') },
    }),
    run: (expenses, { params }) => expenses.report(params.month),
  }),
];
