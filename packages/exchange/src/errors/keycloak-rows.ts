import type { ErrorRow } from './error-row.ts';

/** Keycloak 26 standard token exchange, as seen; a wrong secret is 401 and an unknown audience 400. */
export const keycloakRows: readonly ErrorRow[] = [
  {
    error: ['invalid_client'],
    status: [400, 400],
    credential: 'secret',
    outcome: 'target',
    source: 'seen on 26.7: audience not found',
  },
  {
    error: ['access_denied'],
    status: [403, 403],
    operation: 'exchange',
    outcome: 'configuration',
    source: 'seen on 26.7: our registration is not in the audience of the subject token',
  },
];
