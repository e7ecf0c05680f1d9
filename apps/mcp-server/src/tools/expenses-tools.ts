import type { Tier } from '@mcp-obo/scopes';
import { z } from 'zod';
import type { ExpensesApi } from '../downstream/expenses-api.ts';
import { answer, defineTool } from './define-tool.ts';

/** What the id of an expense looks like. */
export const expenseId = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the id of an expense, e.g. exp-1')
  .describe('Id of the expense');
const amount = z.number().positive().max(1_000_000).describe('Amount in the currency of the expense');
const month = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-10')
  .describe('Month, YYYY-MM');

/** What an approval of a large amount needs: the tier's members that are stricter (RFC 9470). */
export interface LargeAmounts {
  /** The largest amount that is not large. */
  readonly above: number;
  readonly demand: Partial<Pick<Tier, 'maxLoginAge' | 'acrValues'>>;
}

/** The tools on expenses, from harmless to dangerous. */
export function expensesTools(api: ExpensesApi, largeAmounts: LargeAmounts) {
  return [
    defineTool({
      name: 'list_expenses',
      title: 'List expenses',
      description:
        'Lists the expenses you may see: your own, your team’s if you are a manager, all of them if you administer or audit.',
      tier: 'read-only',
      scopes: ['expenses:read'],
      sensitivity: { status: 'value' },
      input: z.strictObject({
        status: z.enum(['submitted', 'approved']).optional().describe('Only expenses in this state'),
      }),
      handle: async ({ status }, context) =>
        answer(
          await api(context, {
            method: 'GET',
            path: status === undefined ? '/expenses' : `/expenses?status=${status}`,
            scopes: ['api:expenses.read'],
          }),
        ),
    }),
    defineTool({
      name: 'get_expense',
      title: 'Get an expense',
      description: 'Shows one expense.',
      tier: 'read-only',
      scopes: ['expenses:read'],
      sensitivity: { id: 'value' },
      input: z.strictObject({ id: expenseId }),
      handle: async ({ id }, context) =>
        answer(await api(context, { method: 'GET', path: `/expenses/${id}`, scopes: ['api:expenses.read'] })),
    }),
    defineTool({
      name: 'submit_expense',
      title: 'Submit an expense',
      description: 'Submits an expense of your own for approval.',
      tier: 'read-write',
      scopes: ['expenses:write'],
      permissions: ['expenses:submit'],
      instead: ['list_expenses'],
      sensitivity: { amount: 'value', currency: 'value', description: 'hash' },
      input: z.strictObject({
        amount,
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/, 'must be a currency code such as EUR')
          .describe('ISO 4217 code'),
        description: z.string().min(1).max(200).describe('What the money was spent on'),
      }),
      handle: async (args, context) =>
        answer(
          await api(context, {
            method: 'POST',
            path: '/expenses',
            scopes: ['api:expenses.write'],
            body: args,
          }),
        ),
    }),
    defineTool({
      name: 'approve_expense',
      title: 'Approve an expense',
      description: 'Approves an expense of your team. The amount must be the true amount of the expense.',
      tier: 'financial',
      scopes: ['expenses:approve'],
      permissions: ['expenses:approve'],
      instead: ['get_expense', 'list_expenses'],
      forArguments: (args) =>
        typeof args.amount === 'number' && args.amount <= largeAmounts.above
          ? undefined
          : { tier: largeAmounts.demand },
      sensitivity: { id: 'value', amount: 'value' },
      input: z.strictObject({ id: expenseId, amount }),
      handle: async ({ id, amount: sum }, context) =>
        answer(
          await api(context, {
            method: 'POST',
            path: `/expenses/${id}/approve`,
            scopes: ['api:expenses.approve'],
            body: { amount: sum },
          }),
        ),
    }),
    defineTool({
      name: 'delete_expense',
      title: 'Delete an expense',
      description: 'Deletes an expense for good.',
      tier: 'admin',
      scopes: ['expenses:admin'],
      permissions: ['expenses:administer'],
      instead: ['get_expense'],
      sensitivity: { id: 'value' },
      input: z.strictObject({ id: expenseId }),
      handle: async ({ id }, context) => {
        await api(context, { method: 'DELETE', path: `/expenses/${id}`, scopes: ['api:expenses.admin'] });
        return answer({ deleted: id });
      },
    }),
    defineTool({
      name: 'nightly_totals',
      title: 'Nightly totals',
      description: 'Totals of all expenses of a day, for machines only.',
      tier: 'read-only',
      scopes: ['expenses:totals'],
      callers: 'machine',
      sensitivity: { date: 'value' },
      input: z.strictObject({ date: z.iso.date().optional().describe('Day, YYYY-MM-DD; default: all days') }),
      handle: async ({ date }, context) =>
        answer(
          await api(context, {
            method: 'GET',
            path: date === undefined ? '/totals' : `/totals?date=${date}`,
            scopes: ['api:expenses.totals'],
          }),
        ),
    }),
  ];
}

/** A report as it leaves the company. */
export interface OutgoingReport {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** The tool that sends data out; it exists only where there is an outbox to put it in. */
export function sendReportTool(api: ExpensesApi, outbox: (report: OutgoingReport) => Promise<void>) {
  return defineTool({
    name: 'send_report',
    title: 'Send a report',
    description: 'Sends the report of a month to an address outside the platform.',
    tier: 'financial',
    scopes: ['expenses:export'],
    permissions: ['expenses:export'],
    instead: ['list_expenses'],
    sensitivity: { to: 'hash', month: 'value' },
    input: z.strictObject({ to: z.email().max(254).describe('Address of the receiver'), month }),
    handle: async ({ to, month: wanted }, context) => {
      const report = await api(context, {
        method: 'GET',
        path: `/reports/${wanted}`,
        scopes: ['api:expenses.read'],
      });
      await outbox({ to, subject: `Expenses ${wanted}`, text: JSON.stringify(report) });
      return answer({ sent: true, to, month: wanted });
    },
  });
}
