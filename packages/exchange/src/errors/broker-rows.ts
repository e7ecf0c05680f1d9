import type { ErrorRow } from './error-row.ts';
import { standardRows } from './standard-rows.ts';

/** The broker's errors as its client reads them: RFC 8693 has one code for a bad subject and a bad request. */
export const brokerRows: readonly ErrorRow[] = [
  { suberror: ['subject_refused'], outcome: 'subject', source: 'RFC 8693 §2.2.2, told apart by suberror' },
  { error: ['invalid_grant', 'invalid_token'], outcome: 'subject', source: 'RFC 6749 §5.2' },
  {
    error: ['invalid_request'],
    outcome: 'configuration',
    source: 'RFC 6749 §5.2: our request, not the user',
  },
  { error: ['invalid_target'], outcome: 'targetRefused', source: 'RFC 8693 §2.2.2: by the policy' },
  {
    status: [500, 500],
    outcome: 'configuration',
    source: 'the broker cannot do it until an operator mends it',
  },
  { status: [502, 502], outcome: 'unusable', source: 'RFC 9110 §15.6.3, passed on' },
  ...standardRows,
];
