import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import {
  accessTokenType,
  basic,
  type Form,
  jwtBearer,
  resources,
  startBroker,
  tokenAnswer,
  tokenExchange,
} from './fixture/broker.ts';
import { claimsOf } from './fixture/upstream.ts';

const broker = await startBroker();
afterAll(broker.close);
const now = Math.floor(Date.now() / 1000);

/** Status and code of an exchange of a valid token with these changes. */
const outcome = async (changes: Form, claims?: object) => {
  const { status, error } = tokenAnswer(await broker.exchange(await broker.subject({ ...claims }), changes));
  return { status, error };
};
const invalidRequest = { status: 400, error: 'invalid_request' };

describe('a token request', () => {
  it(
    verifies(['tb:rfc8693', 'tb:no-store'], 'X01 that is right is answered as RFC 8693 §2.2.1 says'),
    async () => {
      const answer = await broker.exchange(await broker.subject());
      const { access_token: token, ...rest } = tokenAnswer(answer);
      expect(rest).toEqual({
        status: 200,
        issued_token_type: accessTokenType,
        token_type: 'Bearer',
        expires_in: expect.any(Number),
        scope: 'api:expenses.read',
      });
      expect(claimsOf(String(token))).toMatchObject({
        aud: 'api://expenses',
        sub: 'user-1',
        scope: 'api:expenses.read',
      });
      expect(answer.headers['cache-control']).toBe('no-store');
    },
  );

  it.each([
    ['is missing', undefined, 'invalid_request'],
    ['is empty', '', 'invalid_request'],
    ['is unknown', 'urn:example:grant', 'unsupported_grant_type'],
    ['is password', 'password', 'unsupported_grant_type'],
  ])(verifies('tb:rfc8693', 'X01 whose grant_type %s'), async (_case, grant_type, error) => {
    expect(await outcome({ grant_type })).toEqual({ status: 400, error });
  });

  it.each([
    ['X02 subject_token is missing', { subject_token: undefined }],
    ['X02 subject_token is empty', { subject_token: '' }],
    ['X02 subject_token_type is missing', { subject_token_type: undefined }],
    ['X03 actor_token has no type', { actor_token: 'x' }],
    ['X03 actor_token_type has no token', { actor_token_type: accessTokenType }],
    [
      'X04 subject_token_type is an ID token',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
    ],
    ['X04 subject_token_type is SAML', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }],
    ['X04 subject_token_type is unknown', { subject_token_type: 'access_token' }],
    [
      'X04 requested_token_type is a refresh token',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    ],
    ['X10 grant_type is repeated', { grant_type: [tokenExchange, tokenExchange] }],
    ['X10 scope is repeated', { scope: ['api:expenses.read', 'api:expenses.read'] }],
    ['X10 subject_token is repeated', { subject_token: ['a', 'b'] }],
    ['X10 requested_token_type is repeated', { requested_token_type: [accessTokenType, accessTokenType] }],
  ])(verifies('tb:rfc8693', '%s: invalid_request'), async (_case, changes) => {
    expect(await outcome(changes)).toEqual(invalidRequest);
  });

  it('X10 resource and audience may repeat', async () => {
    const same = { audience: ['api://expenses', 'expenses-api'], resource: 'https://api.example/expenses' };
    expect(await outcome(same)).toMatchObject({ status: 200 });
  });
});

describe('a subject token', () => {
  const stranger = createTestIssuer({ issuer: broker.issuer.issuer, ownKey: true });
  const earlier = { iat: now - 60 };

  it.each([
    ['X05 that is expired', { iat: now - 400, exp: now - 40 }],
    ['X05 for another audience', { aud: 'https://somebody.example' }],
    ['X05 of an issuer nobody configured', { iss: 'https://evil.example' }],
    ['X05 without a subject', { sub: undefined }],
    ['X16 for the resource of another client', { aud: resources.other }],
    ['X16 for ours and the resource of another client', { aud: [resources['mcp-server'], resources.other] }],
    ['X16 for the target itself', { aud: 'api://expenses' }],
    ['X19 bound to a DPoP key, without proof', { cnf: { jkt: 'x'.repeat(43) } }],
    ['X19 bound to a certificate, without it', { cnf: { 'x5t#S256': 'x'.repeat(43) } }],
    ['X18 of a machine, which nobody can act for', { sub: 'client-1' }],
  ])(
    verifies(['tb:subject-check', 'tb:rfc8693'], '%s: invalid_request, the issuer is not asked'),
    async (_case, claims) => {
      const before = broker.upstream.requests.length;
      expect(await outcome({}, claims)).toEqual(invalidRequest);
      expect(broker.upstream.requests.length).toBe(before);
    },
  );

  it(
    verifies('tb:subject-check', 'X05 with a bad signature: invalid_request, not invalid_grant'),
    async () => {
      const forged = await stranger.mint({ ...earlier, aud: resources['mcp-server'] });
      expect(tokenAnswer(await broker.exchange(forged))).toMatchObject(invalidRequest);
      expect(tokenAnswer(await broker.exchange('not.a.token'))).toMatchObject(invalidRequest);
    },
  );

  it(verifies('tb:jwt-bearer', 'X05 as an assertion it is invalid_grant (RFC 7523 §3.1)'), async () => {
    const assertion = await broker.subject({ iat: now - 400, exp: now - 40 });
    const form = {
      grant_type: jwtBearer,
      requested_token_use: 'on_behalf_of',
      assertion,
      scope: 'api://expenses/api:expenses.read',
    };
    expect(tokenAnswer(await broker.post(form))).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  it(
    verifies(
      ['tb:subject-check', 'tb:upstream-credential'],
      'X19 presented by a client it was not issued for',
    ),
    async () => {
      const token = await broker.subject();
      const answer = await broker.exchange(token, {}, { authorization: basic('other') });
      expect(tokenAnswer(answer)).toMatchObject(invalidRequest);
    },
  );
});

it(verifies(['op:redaction', 'tb:no-store'], 'X05 no part of any token or secret is in log or audit'), () => {
  expect(broker.leaks()).toEqual([]);
});
