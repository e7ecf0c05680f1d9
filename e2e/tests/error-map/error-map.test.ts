import type { IdpName } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { callRaw } from '../consent/fixture/raw-call.ts';
import { names, startErrorMapPlatform } from './fixture/platform.ts';
import type { Sent } from './fixture/providers.ts';

const platform = await startErrorMapPlatform();
afterAll(platform.close);
afterEach(() => {
  for (const name of names) platform.providers[name].answer(undefined);
});

/** What the MCP client sees, and nobody else's words in it. */
const seen = {
  newToken: '401 invalid_token',
  claims: '401 insufficient_claims',
  consent: 'asks: Your consent is needed before this server may act for you. (expenses-api)',
  interaction:
    'asks: Your identity provider asks you something before this server may act for you. (expenses-api)',
  newLogin: 'says: Your identity provider wants a new sign-in for this',
  denied: 'says: The authorization server does not allow this access.',
  scope: 'says: The authorization server does not give a scope that was asked for.',
  ours: '500 server_error',
  unusable: '502 server_error',
  later: '503 temporarily_unavailable, after a time',
} as const;

type Case = readonly [what: string, sent: Sent, seen: keyof typeof seen, capable?: true];

const challenge = '{"access_token":{"capolids":{"essential":true,"values":["policy"]}}}';
const oauth = (status: number, error: string, more: object = {}): Sent => ({
  status,
  body: { error, ...more },
});
const aadsts = (code: number, status = 400, error = 'invalid_grant', more: object = {}): Sent =>
  oauth(status, error, { error_codes: [code], error_description: `AADSTS${code}: secret words`, ...more });

/** RFC 6749 §5.2, RFC 8693 §2.2.2, OpenID Connect Core §3.1.2.6: what every provider may say. */
const standard: readonly Case[] = [
  ['a refused subject', oauth(400, 'invalid_grant'), 'newToken'],
  ['missing consent', oauth(400, 'consent_required'), 'consent'],
  ['a question to the user', oauth(400, 'interaction_required'), 'interaction'],
  ['a login that is over', oauth(400, 'login_required'), 'interaction'],
  ['a claims challenge', oauth(400, 'interaction_required', { claims: challenge }), 'newLogin'],
  ['an unknown scope', oauth(400, 'invalid_scope'), 'scope'],
  ['an unknown target', oauth(400, 'invalid_target'), 'ours'],
  ['a grant that it does not offer', oauth(400, 'unsupported_grant_type'), 'ours'],
  ['an error nobody knows', oauth(400, 'no_such_error'), 'unusable'],
  ['an HTML page', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }, 'unusable'],
  ['an outage', { status: 503, body: '' }, 'later'],
];

/** What each says in its own way, as its documents have it or as it was seen (`sources.md` of the doubles). */
const own: Readonly<Record<IdpName, readonly Case[]>> = {
  entra: [
    [
      'AADSTS65001, no consent',
      aadsts(65001, 400, 'invalid_grant', { suberror: 'consent_required' }),
      'consent',
    ],
    ['AADSTS90094, an administrator must consent', aadsts(90094), 'consent'],
    ['AADSTS50079, no second factor yet', aadsts(50079, 400, 'interaction_required'), 'interaction'],
    ['AADSTS70043, a sign-in that is too old', aadsts(70043), 'interaction'],
    ['AADSTS53000, a device that does not comply', aadsts(53000), 'interaction'],
    [
      'AADSTS50076 with claims, to a client with cp1',
      aadsts(50076, 400, 'interaction_required', { claims: challenge, suberror: 'basic_action' }),
      'claims',
      true,
    ],
    [
      'AADSTS50076 with claims, to another client',
      aadsts(50076, 400, 'interaction_required', { claims: challenge, suberror: 'basic_action' }),
      'newLogin',
    ],
    ['AADSTS50013, an assertion that is not valid', aadsts(50013), 'newToken'],
    ['AADSTS500133, an assertion out of its time', aadsts(500133), 'newToken'],
    ['AADSTS50173, a revoked session', aadsts(50173), 'newToken'],
    ['AADSTS50057, a disabled user', aadsts(50057), 'newToken'],
    ['AADSTS50105, a user who is not assigned', aadsts(50105), 'denied'],
    ['AADSTS500212, a policy between tenants', aadsts(500212), 'denied'],
    ['AADSTS7000215, a wrong secret', aadsts(7000215, 401, 'invalid_client'), 'ours'],
    ['AADSTS7000222, an expired secret', aadsts(7000222, 401, 'invalid_client'), 'ours'],
    ['AADSTS700027, a wrong certificate', aadsts(700027, 401, 'invalid_client'), 'ours'],
    ['AADSTS700016, an unknown application', aadsts(700016, 400, 'unauthorized_client'), 'ours'],
    ['AADSTS7000112, a disabled application', aadsts(7000112, 400, 'unauthorized_client'), 'ours'],
    ['AADSTS500131, an assertion for another application', aadsts(500131), 'ours'],
    ['AADSTS65005, a permission that the registration lacks', aadsts(65005), 'ours'],
    ['AADSTS500011, an unknown resource', aadsts(500011, 400, 'invalid_resource'), 'ours'],
    ['AADSTS9010010, a resource that does not match', aadsts(9010010, 400, 'invalid_target'), 'ours'],
    ['AADSTS70011, an unknown scope', aadsts(70011, 400, 'invalid_scope'), 'ours'],
    ['AADSTS90033, a directory that is away', aadsts(90033), 'later'],
    ['AADSTS50196, a loop', aadsts(50196), 'later'],
  ],
  okta: [
    ['a refused subject by RFC 8693', oauth(400, 'invalid_request'), 'newToken'],
    ['a policy that does not match', oauth(400, 'access_denied'), 'denied'],
    ['a wrong secret', oauth(401, 'invalid_client'), 'ours'],
    ['an app without the grant', oauth(400, 'unauthorized_client'), 'ours'],
    ['an unknown authorization server', { status: 404, body: { errorCode: 'E0000007' } }, 'ours'],
    ['an internal error', { status: 500, body: { errorCode: 'E0000009' } }, 'later'],
  ],
  auth0: [
    ['a bad subject token', oauth(401, 'invalid_grant'), 'newToken'],
    ['a refused subject by RFC 8693', oauth(400, 'invalid_request'), 'newToken'],
    ['a wrong secret', oauth(401, 'access_denied'), 'ours'],
    ['a wrong assertion', oauth(401, 'invalid_client'), 'ours'],
    ['a client that may not exchange', oauth(403, 'unauthorized_client'), 'ours'],
    ['a user without the permission', oauth(403, 'access_denied'), 'denied'],
    ['a second factor', oauth(403, 'mfa_required', { mfa_token: 'secret words' }), 'interaction'],
  ],
  keycloak: [
    ['a token that is over, revoked, or of a disabled user', oauth(400, 'invalid_request'), 'newToken'],
    ['a wrong secret', oauth(401, 'unauthorized_client'), 'ours'],
    ['an unknown audience', oauth(400, 'invalid_client'), 'ours'],
    ['a registration outside the audience', oauth(403, 'access_denied'), 'ours'],
  ],
  generic: [
    ['a refused subject by RFC 8693', oauth(400, 'invalid_request'), 'newToken'],
    ['a refused user', oauth(403, 'access_denied'), 'denied'],
    ['a wrong secret', oauth(401, 'invalid_client'), 'ours'],
  ],
};

const wait = { 'retry-after': '1' };
/** Last, as they are held against the provider until their time is over. */
const limits: readonly Case[] = [['a flood', { status: 429, body: {}, headers: wait }, 'later']];

async function call(name: IdpName, capable = false): Promise<string> {
  const { answer, result } = await callRaw(platform.resource, await platform.providers[name].token(capable));
  expect(answer.body).not.toContain('secret words');
  if (answer.status !== 200) {
    const { error } = JSON.parse(answer.body).error.data;
    if (answer.status === 401) expect(answer.headers['www-authenticate']).toContain(`error="${error}"`);
    return `${answer.status} ${error}${answer.headers['retry-after'] === undefined ? '' : ', after a time'}`;
  }
  if (result.resultType === 'input_required')
    return `asks: ${result.inputRequests?.interaction.params.message}`;
  return result.isError === true ? `says: ${result.content?.[0]?.text}` : 'answers';
}

describe.each(names)('what an MCP client sees when %s sends', (name) => {
  const cases = [...own[name], ...standard, ...limits];
  it.each(cases.map(([what, sent, outcome, capable]) => ({ what, sent, outcome, capable })))(
    verifies('tb:error-map', '$what: $outcome'),
    async ({ sent, outcome, capable }) => {
      platform.providers[name].answer(sent);
      expect(await call(name, capable)).toContain(seen[outcome]);
    },
  );
});
