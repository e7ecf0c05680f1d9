import { type Catalogue, ToolFailure } from '@mcp-obo/mcp';
import type { ExpensesApi } from './downstream/expenses-api.ts';
import {
  expenseId,
  expensesTools,
  type LargeAmounts,
  type OutgoingReport,
  sendReportTool,
} from './tools/expenses-tools.ts';
import { whoami } from './tools/whoami.ts';

export interface CatalogueParts {
  readonly api: ExpensesApi;
  readonly largeAmounts: LargeAmounts;
  /** Where reports go; absent: there is no tool that sends any. */
  readonly outbox?: (report: OutgoingReport) => Promise<void>;
}

/** Everything this server offers. To make it yours, replace the entries and keep the shape. */
export function expensesCatalogue({ api, largeAmounts, outbox }: CatalogueParts): Catalogue {
  return {
    tools: [
      whoami,
      ...expensesTools(api, largeAmounts),
      ...(outbox === undefined ? [] : [sendReportTool(api, outbox)]),
    ],
    resources: [
      {
        title: 'Expense',
        description: 'One expense as JSON.',
        mimeType: 'application/json',
        requirement: {
          kind: 'resource',
          name: 'expense://{id}',
          base: 'mcp:resources',
          scopes: ['expenses:read'],
          tier: 'read-only',
        },
        read: async ({ id }, context) => {
          const wanted = expenseId.safeParse(id);
          if (!wanted.success) throw new ToolFailure('There is no such expense.', { reason: 'not_found' });
          const path = `/expenses/${wanted.data}`;
          return JSON.stringify(await api(context, { method: 'GET', path, scopes: ['api:expenses.read'] }));
        },
      },
    ],
    prompts: [
      {
        title: 'Review expenses',
        description: 'Asks for a review of the expenses that wait for approval.',
        arguments: [{ name: 'focus', description: 'What to look at first', required: false }],
        requirement: {
          kind: 'prompt',
          name: 'review_expenses',
          base: 'mcp:prompts',
          scopes: ['expenses:read'],
          tier: 'read-only',
        },
        get: ({ focus }) =>
          `List the expenses in state "submitted" with list_expenses and review them${typeof focus === 'string' ? `, ${focus.slice(0, 200)} first` : ''}. Name what looks unusual, and why.`,
      },
    ],
  };
}
