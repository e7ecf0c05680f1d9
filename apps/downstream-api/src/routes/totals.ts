import { z } from 'zod';
import { machineOperation, type Operation, requestOf } from '../operation.ts';

/** What the nightly job asks for. */
export const totalOperations: readonly Operation[] = [
  machineOperation({
    method: 'GET',
    url: '/totals',
    scope: 'api:expenses.totals',
    input: requestOf({ query: { date: z.iso.date().optional() } }),
    run: (expenses, tenant, { query }) => ({
      ...(query.date === undefined ? {} : { date: query.date }),
      totals: expenses.totals(tenant, query.date),
    }),
  }),
];
