import type { ErrorRow } from './error-row.ts';

/** Okta: what is not about OAuth has no `error`, and says by its status what it is. */
export const oktaRows: readonly ErrorRow[] = [
  {
    status: [404, 404],
    outcome: 'configuration',
    source: 'Okta error codes: E0000007, there is no such authorization server',
  },
];
