import type { ErrorRow } from './error-row.ts';

const reference = 'Microsoft Entra authentication and authorization error codes';

/** Microsoft Entra ID: `error_codes` first, for one `error` stands for many things. */
export const entraRows: readonly ErrorRow[] = [
  { codes: [50196], outcome: 'loop', source: `${reference}: the client asked the same in a loop` },
  { codes: [65001, 65004], outcome: 'consent', source: `${reference}: consent is missing or was declined` },
  {
    suberror: ['consent_required'],
    outcome: 'consent',
    source: 'Microsoft: handling errors in MSAL, suberror',
  },
  {
    codes: [50074, 50076, 50079, 50158, 53000, 53001, 53003],
    claims: true,
    outcome: 'claims',
    source: `${reference}: multifactor or conditional access, with a claims challenge`,
  },
  {
    codes: [50074, 50076, 50079, 50158, 53000, 53001, 53003],
    outcome: 'interaction',
    source: `${reference}: multifactor or conditional access`,
  },
  {
    codes: [7000215, 7000222, 7000216, 700027, 700024, 700016, 70021, 700211, 700212, 700213],
    outcome: 'credential',
    source: `${reference}: secret or certificate wrong or expired, application or federated identity unknown`,
  },
  {
    codes: [500131],
    outcome: 'configuration',
    source: `${reference}: the assertion is for another application`,
  },
  { codes: [9010010, 500011, 70011], outcome: 'target', source: `${reference}: resource or scope unknown` },
  { codes: [7000114], outcome: 'denied', source: `${reference}: app-only tokens get no on-behalf-of` },
  { codes: [50105], outcome: 'denied', source: `${reference}: the user is not assigned to the application` },
  {
    codes: [50013, 500133, 50027, 50173, 50132, 50133, 50057, 50034, 70008, 700082],
    outcome: 'subject',
    source: `${reference}: assertion invalid or expired, grant revoked, user disabled or gone`,
  },
  {
    suberror: ['basic_action', 'additional_action', 'message_only', 'user_password_expired'],
    outcome: 'interaction',
    source: 'Microsoft: handling errors in MSAL, suberror',
  },
  { error: ['invalid_resource'], outcome: 'target', source: 'Microsoft identity platform error responses' },
  {
    error: ['invalid_request'],
    outcome: 'configuration',
    source: 'Microsoft identity platform error responses: a bad assertion is invalid_grant (RFC 7523 §3.1)',
  },
];
