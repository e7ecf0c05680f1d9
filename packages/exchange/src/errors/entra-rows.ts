import type { ErrorRow } from './error-row.ts';

const reference = 'Microsoft Entra authentication and authorization error codes';

/** What a login in a browser mends: a second factor, a device, a password, a session that is too old. */
const interactive = [
  50005, 50015, 50055, 50058, 50072, 50074, 50076, 50078, 50079, 50089, 50097, 50125, 50127, 50129, 50131,
  50135, 50144, 50155, 50158, 50187, 51006, 53000, 53001, 53002, 53003, 53004, 53010, 70043,
];

/** Microsoft Entra ID: `error_codes` first, for one `error` stands for many things. */
export const entraRows: readonly ErrorRow[] = [
  { codes: [50196], outcome: 'loop', source: `${reference}: the client asked the same in a loop` },
  { codes: [90055], outcome: 'throttled', source: `${reference}: too many requests of the tenant` },
  {
    codes: [50033, 50087, 50088, 50166, 90006, 90012, 90024, 90033, 90090, 90091],
    outcome: 'fault',
    source: `${reference}: transient, a service behind it is away or too slow`,
  },
  {
    codes: [65001, 65004, 90008, 90094, 90095],
    outcome: 'consent',
    source: `${reference}: consent is missing, was declined, or is an administrator's to give`,
  },
  {
    suberror: ['consent_required'],
    outcome: 'consent',
    source: 'Microsoft: handling errors in MSAL, suberror',
  },
  {
    codes: interactive,
    claims: true,
    outcome: 'claims',
    source: `${reference}: multifactor, device or conditional access, with a claims challenge`,
  },
  {
    codes: interactive,
    outcome: 'interaction',
    source: `${reference}: multifactor, device, password or conditional access`,
  },
  {
    codes: [
      50003, 50012, 50048, 70001, 70002, 70021, 700011, 700016, 700024, 700025, 700027, 700030, 700211,
      700212, 700213, 7000112, 7000215, 7000216, 7000218, 7000222,
    ],
    outcome: 'credential',
    source: `${reference}: secret or certificate wrong or expired, application disabled, federated identity or application unknown`,
  },
  {
    codes: [500131, 50194, 65005, 650052, 650056, 70003, 90002, 90004, 90014, 90023, 90100, 900144, 9002313],
    outcome: 'configuration',
    source: `${reference}: the assertion is for another application, the registration lacks a permission, or the request is wrong`,
  },
  {
    codes: [28002, 50001, 500011, 650054, 650057, 70011, 9010010],
    outcome: 'target',
    source: `${reference}: resource or scope unknown`,
  },
  { codes: [7000114], outcome: 'denied', source: `${reference}: app-only tokens get no on-behalf-of` },
  {
    codes: [50002, 50020, 50053, 50105, 500021, 500022, 500212, 500213, 53011, 530034, 90093, 90123],
    outcome: 'denied',
    source: `${reference}: the user is locked, not assigned to the application, or kept out by a policy of a tenant`,
  },
  {
    codes: [
      50006, 50013, 50014, 50027, 50034, 50057, 50132, 50133, 50173, 50197, 500133, 51004, 70000, 70008,
      700082, 90016,
    ],
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
