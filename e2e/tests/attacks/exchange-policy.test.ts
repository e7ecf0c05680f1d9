import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { accessTokenType, type Form, jwtBearer, startBroker, tokenAnswer } from './fixture/broker.ts';

const broker = await startBroker();
afterAll(broker.close);

/** Status and code of an exchange of a valid token with these changes. */
const outcome = async (changes: Form, claims?: object) => {
  const { status, error } = tokenAnswer(await broker.exchange(await broker.subject({ ...claims }), changes));
  return { status, error };
};
const invalidRequest = { status: 400, error: 'invalid_request' };
const invalidTarget = { status: 400, error: 'invalid_target' };
const invalidScope = { status: 400, error: 'invalid_scope' };

describe('the target', () => {
  it.each([
    ['X07 an audience nobody knows', { audience: 'api://nobody' }],
    ['X07 a target without a rule for this client', { audience: 'api://ledger', scope: 'api:ledger.read' }],
    ['X07 a relative resource', { audience: undefined, resource: '/expenses' }],
    ['X07 a resource with a fragment', { audience: undefined, resource: 'https://api.example/expenses#x' }],
    [
      'X07 a resource with another spelling',
      { audience: undefined, resource: 'https://api.example/expenses/' },
    ],
    ['X07 no target at all', { audience: undefined }],
    [
      'X08 two resources, one unknown',
      { audience: undefined, resource: ['https://api.example/expenses', 'https://evil.example'] },
    ],
    ['X08 two audiences, one not allowed', { audience: ['api://expenses', 'api://ledger'] }],
    [
      'X08 audience and resource of two targets',
      { audience: 'api://ledger', resource: 'https://api.example/expenses' },
    ],
  ])(verifies(['tb:rfc8693', 'tb:policy'], '%s: invalid_target'), async (_case, changes) => {
    expect(await outcome(changes)).toEqual(invalidTarget);
  });
});

describe('the scope', () => {
  it.each([
    ['unknown', { scope: 'api:nothing' }, {}],
    ['above the policy for every user', { scope: 'api:expenses.admin' }, {}],
    [
      'above what this user’s token allows',
      { scope: 'api:expenses.write' },
      { scope: 'mcp:tools:execute expenses:read' },
    ],
    ['one allowed and one not', { scope: 'api:expenses.read api:expenses.admin' }, {}],
    ['offline_access, for there is no refresh token', { scope: 'api:expenses.read offline_access' }, {}],
    ['malformed', { scope: 'api:expenses.read "' }, {}],
  ])(verifies('tb:policy', 'X09 is %s: invalid_scope'), async (_case, changes, claims) => {
    expect(await outcome(changes, claims)).toEqual(invalidScope);
  });

  it(
    verifies('tb:jwt-bearer', 'X09 MSAL’s own scopes are dropped, and no refresh token is returned'),
    async () => {
      broker.upstream.behave(async (response, form) => {
        const access_token = await broker.upstream.exchange(form);
        const body = {
          access_token,
          token_type: 'Bearer',
          expires_in: 300,
          refresh_token: 'refresh',
          id_token: 'id',
        };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
      const form = {
        grant_type: jwtBearer,
        requested_token_use: 'on_behalf_of',
        assertion: await broker.subject(),
        scope: 'api://expenses/api:expenses.read openid profile offline_access',
        client_info: '1',
      };
      const answer = tokenAnswer(await broker.post(form));
      broker.upstream.behave(undefined);
      expect(Object.keys(answer).sort()).toEqual([
        'access_token',
        'expires_in',
        'ext_expires_in',
        'scope',
        'status',
        'token_type',
      ]);
      expect(answer.scope).toBe('api://expenses/api:expenses.read');
      expect(String(broker.upstream.requests.at(-1)?.get('scope'))).toBe('api:expenses.read');
    },
  );
});

describe('delegation', () => {
  const actors = (depth: number): object => ({
    sub: `actor-${depth}`,
    ...(depth > 1 ? { act: actors(depth - 1) } : {}),
  });
  const actor = async (claims: object) => ({
    actor_token: await broker.subject({ ...claims }),
    actor_token_type: accessTokenType,
  });

  it.each([
    ['an actor who is the subject', {}, { sub: 'user-1' }],
    ['an actor whose may_act names another', { may_act: { sub: 'somebody' } }, { sub: 'agent' }],
    ['a chain that would be six deep', { act: actors(5) }, { sub: 'agent' }],
    [
      'a chain that would be six deep, four of them the actor’s',
      { act: actors(1) },
      { sub: 'agent', act: actors(4) },
    ],
  ])(verifies('tb:may-act', 'X18 %s: invalid_request'), async (_case, subject, acting) => {
    expect(await outcome(await actor(acting), subject)).toEqual(invalidRequest);
  });

  it(verifies('tb:may-act', 'X18 a chain of five is served'), async () => {
    expect(await outcome(await actor({ sub: 'agent' }), { act: actors(4) })).toMatchObject({ status: 200 });
  });
});

it(verifies(['op:redaction', 'tb:no-store'], 'X09 no part of any token or secret is in log or audit'), () => {
  expect(broker.leaks()).toEqual([]);
});
