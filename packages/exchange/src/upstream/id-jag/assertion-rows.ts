import type { ErrorRow } from '../../errors/error-row.ts';

/**
 * What a resource's authorization server means when it does not take an identity assertion. The user has just
 * proved to be there, and a new login would bring the same assertion: none of it ends in one.
 */
export const assertionRows: readonly ErrorRow[] = [
  {
    error: ['invalid_grant'],
    operation: 'exchange',
    outcome: 'denied',
    source: 'RFC 7523 §3.1: the user is not known there, or the issuer not trusted for it',
  },
  {
    error: ['invalid_request', 'unsupported_grant_type'],
    operation: 'exchange',
    outcome: 'configuration',
    source: 'RFC 6749 §5.2: our request, not the user',
  },
];
