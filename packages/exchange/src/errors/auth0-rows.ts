import type { ErrorRow } from './error-row.ts';

/** Auth0: `access_denied` stands for a wrong secret, a missing client grant and a user who may not. */
export const auth0Rows: readonly ErrorRow[] = [
  {
    error: ['access_denied'],
    status: [401, 401],
    outcome: 'credential',
    source: 'seen, auth0/node-auth0#428: wrong secret',
  },
  {
    error: ['access_denied'],
    operation: 'client_credentials',
    outcome: 'configuration',
    source: 'seen, auth0/terraform-provider-auth0#951: unknown audience or no client grant',
  },
  {
    error: ['mfa_required'],
    outcome: 'interaction',
    source: 'Auth0 docs, "Authenticate with ROPG and MFA"',
  },
];
