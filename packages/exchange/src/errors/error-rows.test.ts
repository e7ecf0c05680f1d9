import { type IdpName, idpProfiles } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { brokerRows } from './broker-rows.ts';
import { type ErrorRow, matchRow, type UpstreamError } from './error-row.ts';
import { errorRows } from './error-rows.ts';
import { mapUpstreamError } from './map-error.ts';
import { isAlarm, type OutcomeName, outcomes } from './outcome.ts';
import { standardRows } from './standard-rows.ts';

type Case = readonly [what: string, error: Partial<UpstreamError>, outcome: OutcomeName];

const claims = '{"access_token":{"polids":{"essential":true,"values":["p"]}}}';
const entraError = (code: number, error = 'invalid_grant', more: Partial<UpstreamError> = {}) => ({
  error,
  codes: [code],
  ...more,
});

/** Codes that a login in a browser mends. */
const interactive = [
  50005, 50015, 50055, 50058, 50072, 50074, 50076, 50078, 50079, 50089, 50097, 50125, 50127, 50129, 50131,
  50135, 50144, 50155, 50158, 50187, 51006, 53000, 53001, 53002, 53003, 53004, 53010, 70043,
];

/** One case for each code, whatever `error` says besides. */
function codes(outcome: OutcomeName, list: readonly number[], more: Partial<UpstreamError> = {}): Case[] {
  return list.map((code) => [`AADSTS${code}`, entraError(code, 'invalid_grant', more), outcome]);
}

const everywhere: readonly Case[] = [
  ['a refused subject, by RFC 7523', { error: 'invalid_grant' }, 'subject'],
  ['a refused token', { error: 'invalid_token' }, 'subject'],
  ['missing consent', { error: 'consent_required' }, 'consent'],
  ['a question to the user', { error: 'interaction_required' }, 'interaction'],
  ['a login that is over', { error: 'login_required' }, 'interaction'],
  ['a claims challenge', { error: 'interaction_required', claims }, 'claims'],
  ['a claims challenge in its own word', { error: 'insufficient_claims', claims }, 'claims'],
  ['a wrong secret', { status: 401, error: 'invalid_client' }, 'credential'],
  ['a registration without the grant', { error: 'unauthorized_client' }, 'credential'],
  ['an exchange that is not offered', { error: 'unsupported_grant_type' }, 'configuration'],
  ['an unknown target', { error: 'invalid_target' }, 'target'],
  ['an unknown scope', { error: 'invalid_scope' }, 'scope'],
  ['a flood', { status: 429 }, 'throttled'],
  ['a flood with a misleading error', { status: 429, error: 'invalid_grant' }, 'throttled'],
  ['an overload', { status: 503 }, 'fault'],
  ['an overload in OAuth words', { error: 'temporarily_unavailable' }, 'fault'],
  ['a crash', { status: 500, error: 'server_error' }, 'fault'],
  ['an error nobody knows', { error: 'no_such_error' }, 'unusable'],
  ['a refusal without an error', { status: 403 }, 'unusable'],
  ['a redirect', { status: 302 }, 'unusable'],
  ['a bad machine request', { error: 'invalid_request', operation: 'client_credentials' }, 'configuration'],
  ['a bad machine grant', { error: 'invalid_grant', operation: 'client_credentials' }, 'configuration'],
];

const byProvider: Readonly<Record<IdpName, readonly Case[]>> = {
  generic: [
    ['a refused subject, by RFC 8693', { error: 'invalid_request' }, 'subject'],
    ['a refused user', { status: 403, error: 'access_denied' }, 'denied'],
  ],
  okta: [
    ['a refused subject', { error: 'invalid_request' }, 'subject'],
    ['a policy that does not allow it', { error: 'access_denied' }, 'denied'],
    ['an unknown authorization server', { status: 404 }, 'configuration'],
  ],
  auth0: [
    ['a refused subject', { error: 'invalid_request' }, 'subject'],
    ['a rule that does not allow it', { status: 403, error: 'access_denied' }, 'denied'],
    ['a wrong secret in its own word', { status: 401, error: 'access_denied' }, 'credential'],
    [
      'a machine without a client grant',
      { status: 403, error: 'access_denied', operation: 'client_credentials' },
      'configuration',
    ],
    ['a second factor', { status: 403, error: 'mfa_required' }, 'interaction'],
  ],
  keycloak: [
    ['a subject that is over, revoked or disabled', { error: 'invalid_request' }, 'subject'],
    ['a wrong secret', { status: 401, error: 'unauthorized_client' }, 'credential'],
    ['an unknown audience', { error: 'invalid_client', credential: 'secret' }, 'target'],
    ['a wrong assertion', { error: 'invalid_client', credential: 'assertion' }, 'credential'],
    ['a registration outside the audience', { status: 403, error: 'access_denied' }, 'configuration'],
  ],
  entra: [
    [
      'E01 AADSTS65001: no consent',
      entraError(65001, 'invalid_grant', { suberror: 'consent_required' }),
      'consent',
    ],
    ['E01 AADSTS65001 in other words', entraError(65001, 'interaction_required'), 'consent'],
    ['consent by suberror alone', { error: 'invalid_grant', suberror: 'consent_required' }, 'consent'],
    ['AADSTS50076: multifactor, challenged', entraError(50076, 'interaction_required', { claims }), 'claims'],
    ['AADSTS50076: multifactor', entraError(50076, 'interaction_required'), 'interaction'],
    ['AADSTS50079: enrolment', entraError(50079, 'interaction_required', { claims }), 'claims'],
    ['AADSTS53003: conditional access', entraError(53003, 'invalid_grant', { claims }), 'claims'],
    ['AADSTS53003 without a challenge', entraError(53003), 'interaction'],
    ['an action by suberror', { error: 'invalid_grant', suberror: 'basic_action' }, 'interaction'],
    ['AADSTS50013: assertion invalid', entraError(50013), 'subject'],
    ['AADSTS500133: assertion expired', entraError(500133), 'subject'],
    ['AADSTS50173: grant revoked', entraError(50173), 'subject'],
    ['AADSTS50132: session revoked', entraError(50132), 'subject'],
    ['AADSTS50057: user disabled', entraError(50057), 'subject'],
    ['E04 AADSTS500131: assertion for another application', entraError(500131), 'configuration'],
    ['AADSTS7000215: wrong secret', entraError(7000215, 'invalid_client', { status: 401 }), 'credential'],
    ['AADSTS7000222: expired secret', entraError(7000222, 'invalid_client', { status: 401 }), 'credential'],
    ['AADSTS700027: wrong certificate', entraError(700027, 'invalid_client', { status: 401 }), 'credential'],
    ['AADSTS700016: unknown application', entraError(700016, 'unauthorized_client'), 'credential'],
    ['AADSTS7000114: app-only token', entraError(7000114, 'invalid_request'), 'denied'],
    ['AADSTS50105: user not assigned', entraError(50105), 'denied'],
    ['AADSTS9010010: resource does not match', entraError(9010010, 'invalid_target'), 'target'],
    ['AADSTS500011: unknown resource', entraError(500011, 'invalid_resource'), 'target'],
    ['AADSTS70011: unknown scope', entraError(70011, 'invalid_scope'), 'target'],
    ['an unknown resource without a code', { error: 'invalid_resource' }, 'target'],
    ...codes('loop', [50196]),
    ...codes('throttled', [90055]),
    ...codes('fault', [50033, 50087, 50088, 50166, 90006, 90012, 90024, 90033, 90090, 90091]),
    ...codes('consent', [65001, 65004, 90008, 90094, 90095]),
    ...codes('interaction', interactive),
    ...codes('claims', interactive, { claims }),
    ...codes(
      'credential',
      [50003, 50012, 50048, 70001, 70002, 70021, 700011, 700016, 700024, 700025, 700027],
    ),
    ...codes('credential', [700030, 700211, 700212, 700213, 7000112, 7000215, 7000216, 7000218, 7000222]),
    ...codes('configuration', [500131, 50194, 65005, 650052, 650056, 70003, 90002, 90004, 90014, 90023]),
    ...codes('configuration', [90100, 900144, 9002313]),
    ...codes('target', [28002, 50001, 500011, 650054, 650057, 70011, 9010010]),
    ...codes('denied', [50002, 50020, 50053, 50105, 500021, 500022, 500212, 500213, 53011, 530034, 7000114]),
    ...codes('denied', [90093, 90123]),
    ...codes(
      'subject',
      [50006, 50013, 50014, 50027, 50034, 50057, 50132, 50133, 50173, 50197, 500133, 51004],
    ),
    ...codes('subject', [70000, 70008, 700082, 90016]),
    ['E07 AADSTS50196: loop', entraError(50196), 'loop'],
    ['a request it does not understand', { error: 'invalid_request' }, 'configuration'],
  ],
};

const brokerCases: readonly Case[] = [
  ['a refused subject', { error: 'invalid_request', suberror: 'subject_refused' }, 'subject'],
  ['a refused assertion', { error: 'invalid_grant' }, 'subject'],
  ['a bad request of ours', { error: 'invalid_request' }, 'configuration'],
  ['a wrong credential of ours', { status: 401, error: 'invalid_client' }, 'credential'],
  ['a claims challenge', { error: 'insufficient_claims', claims }, 'claims'],
  ['missing consent', { error: 'consent_required', suberror: 'consent_required' }, 'consent'],
  ['a scope above the policy', { error: 'invalid_scope' }, 'scope'],
  ['a target outside the policy', { error: 'invalid_target' }, 'targetRefused'],
  ['what an operator must mend', { status: 500, error: 'server_error' }, 'configuration'],
  ['an unusable answer behind it', { status: 502, error: 'server_error' }, 'unusable'],
  ['an outage behind it', { status: 503, error: 'temporarily_unavailable' }, 'fault'],
];

function complete(error: Partial<UpstreamError>): UpstreamError {
  return { status: 400, codes: [], operation: 'exchange', credential: 'secret', ...error };
}

const tables: readonly (readonly [name: string, rows: readonly ErrorRow[], cases: readonly Case[]])[] = [
  ...Object.keys(idpProfiles).map((name) => {
    const own = byProvider[name as IdpName];
    const shared = everywhere.filter(([, error]) => !own.some(([, other]) => same(error, other)));
    return [name, errorRows[name as IdpName], [...own, ...shared]] as const;
  }),
  ['the broker', brokerRows, brokerCases],
];

function same(one: Partial<UpstreamError>, other: Partial<UpstreamError>): boolean {
  return JSON.stringify(complete(one)) === JSON.stringify(complete(other));
}

describe.each(tables)('the error table of %s', (name, rows, cases) => {
  it.each(cases.map(([what, error, outcome]) => ({ what, error, outcome })))(
    verifies('tb:error-map', '$what is "$outcome"'),
    ({ error, outcome }) => {
      expect(matchRow(rows, complete(error))).toBe(outcome);
    },
  );

  it(verifies('tb:error-map', 'has no row that no case reaches'), () => {
    const reached = new Set(
      cases.map(([, error]) => rows.findIndex((row) => matchRow([row], complete(error)) !== undefined)),
    );
    const own = (row: ErrorRow) => name === 'generic' || !standardRows.includes(row);
    expect(rows.filter((row, index) => own(row) && !reached.has(index)).map(({ source }) => source)).toEqual(
      [],
    );
  });
});

describe('an outcome', () => {
  const cause = new Error('what really happened');
  const map = (error: Partial<UpstreamError>, retryAfter?: number) =>
    mapUpstreamError(errorRows.entra, complete(error), { cause, retryAfter });

  it.each<[OutcomeName, string, number, boolean]>([
    ['subject', 'invalid_token', 401, false],
    ['consent', 'consent_required', 400, false],
    ['interaction', 'interaction_required', 400, false],
    ['claims', 'insufficient_claims', 401, false],
    ['denied', 'access_denied', 403, false],
    ['scope', 'invalid_scope', 400, false],
    ['target', 'server_error', 500, true],
    ['targetRefused', 'invalid_target', 400, false],
    ['credential', 'server_error', 500, true],
    ['configuration', 'server_error', 500, true],
    ['throttled', 'temporarily_unavailable', 503, false],
    ['loop', 'temporarily_unavailable', 503, false],
    ['fault', 'temporarily_unavailable', 503, false],
    ['unusable', 'bad_gateway', 502, true],
  ])(
    verifies('tb:error-map', '%s is said as %s with status %i, alarm: %s'),
    (outcome, code, status, alarm) => {
      const rows: readonly ErrorRow[] = [{ outcome, source: 'this test' }];
      const error = mapUpstreamError(rows, complete({}), { cause });
      expect(error).toMatchObject({ code, status, cause });
      expect(isAlarm(error.reason)).toBe(alarm);
      expect(Object.keys(outcomes)).toContain(outcome);
    },
  );

  it(verifies('tb:error-map', 'E01: keeps suberror and claims where the client can act on them'), () => {
    const consent = map({ error: 'invalid_grant', codes: [65001], suberror: 'consent_required', claims });
    expect(consent.params).toEqual({ suberror: 'consent_required', claims });
    expect(map({ error: 'interaction_required', claims }).params).toEqual({ claims });
  });

  it(verifies('tb:error-map', "says subject_refused, and not in which of the provider's ways"), () => {
    expect(map({ error: 'invalid_grant', suberror: 'bad_token', claims }).params).toEqual({
      suberror: 'subject_refused',
    });
  });

  it(verifies('tb:error-map', 'P05 E07: waits as long as the provider says, else a time of its own'), () => {
    expect(map({ codes: [50196] }).retryAfter).toBe(60);
    expect(map({ codes: [50196] }, 17).retryAfter).toBe(17);
    expect(map({ status: 503 }).retryAfter).toBe(5);
    expect(map({ error: 'invalid_grant' }, 17).retryAfter).toBeUndefined();
  });
});
