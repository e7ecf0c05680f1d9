import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { claimsOf } from './fake-idp.ts';
import { asMcpServer, asReports, basic, type Form, noon } from './fixture.ts';
import { asOperator, createRevocable } from './revocable.ts';
import { reports } from './settings.ts';

const refused = 'invalid_request subject_refused';

describe('POST /revoke (RFC 7009)', () => {
  it(verifies('tb:revocation', 'ends the token of a user, and what was obtained with it'), async () => {
    const { subject, exchanged, revoke, lastRecord, acme } = await createRevocable();
    const token = await subject({ jti: 'of alice' });
    await exchanged(token);
    const answer = await revoke({ token });
    expect([answer.statusCode, answer.body, answer.headers['cache-control']]).toEqual([200, '', 'no-store']);
    expect(lastRecord()).toMatchObject({
      type: 'revocation',
      decision: 'allow',
      reason: 'revocation_request',
      client_id: 'mcp-server',
      token_id: 'of alice',
      user: { issuer: acme.issuer, key: 'user-alice' },
    });
    expect(await exchanged(token)).toBe(refused);
    expect(acme.requests).toHaveLength(1);
    expect(await exchanged(await subject({ jti: 'another of alice' }))).toMatch(/^eyJ/);
  });

  it(
    verifies('tb:revocation', 'ends a token that the broker obtained, for the client it obtained it for'),
    async () => {
      const { subject, exchanged, revoke, lastRecord } = await createRevocable();
      const token = await subject();
      const obtained = await exchanged(token);
      expect(await exchanged(token)).toBe(obtained);
      expect((await revoke({ token: obtained })).statusCode).toBe(200);
      expect(lastRecord()).toMatchObject({ type: 'revocation', token_id: claimsOf(obtained).jti });
      expect(await exchanged(token)).not.toBe(obtained);
    },
  );

  it.each<readonly [string, 'user' | 'obtained']>([
    ['a user’s token for another server', 'user'],
    ['a token that was obtained for another client', 'obtained'],
  ])(verifies('tb:revocation', 'refuses %s, and leaves it alone'), async (_what, which) => {
    const { subject, exchanged, revoke, lastRecord } = await createRevocable();
    const own = await subject();
    const token = which === 'user' ? own : await exchanged(own);
    const answer = await revoke({ token }, asReports);
    expect([answer.statusCode, answer.json().error]).toEqual([400, 'invalid_grant']);
    expect(lastRecord()).toMatchObject({
      type: 'revocation',
      decision: 'refuse',
      reason: 'revocation_foreign',
      client_id: 'reports-server',
    });
    expect(await exchanged(own)).toMatch(/^eyJ/);
  });

  it(verifies('tb:revocation', 'takes the token of any client from an operator'), async () => {
    const { subject, exchanged, revoke } = await createRevocable();
    const token = await subject();
    expect((await revoke({ token }, asOperator)).statusCode).toBe(200);
    expect(await exchanged(token)).toBe(refused);
    const other = await subject({ aud: reports });
    expect((await revoke({ token: other, token_type_hint: 'refresh_token' }, asOperator)).statusCode).toBe(
      200,
    );
    expect(await exchanged(other, asReports)).toBe(refused);
  });

  it.each<readonly [string, (token: string) => string]>([
    ['no token', () => 'nonsense'],
    ['a token with another signature', (token) => `${token.slice(0, -4)}AAAA`],
    ['a token of another issuer', () => 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2V2aWwifQ.AAAA'],
  ])(
    verifies('tb:revocation', 'I03: answers 200 with nothing to what is %s (RFC 7009 §2.2)'),
    async (_what, change) => {
      const { subject, revoke } = await createRevocable();
      const answer = await revoke({ token: change(await subject()) });
      expect([answer.statusCode, answer.body]).toEqual([200, '']);
    },
  );

  it(
    verifies('tb:revocation', 'answers 200 to a token that has expired, and to one that is revoked'),
    async () => {
      const { subject, revoke } = await createRevocable();
      expect((await revoke({ token: await subject({ iat: noon - 600, exp: noon - 300 }) })).statusCode).toBe(
        200,
      );
      const token = await subject();
      expect((await revoke({ token })).statusCode).toBe(200);
      expect((await revoke({ token })).statusCode).toBe(200);
    },
  );

  it.each<readonly [string, Form, Readonly<Record<string, string>>, number, string]>([
    ['nobody', { token: 'x' }, { authorization: '' }, 401, 'invalid_client'],
    ['a wrong secret', { token: 'x' }, { authorization: basic('mcp-server', 'x') }, 401, 'invalid_client'],
    ['a client that sends no token', {}, asMcpServer, 400, 'invalid_request'],
    ['a client that sends two', { token: ['x', 'y'] }, asMcpServer, 400, 'invalid_request'],
  ])(verifies('tb:revocation', 'refuses %s'), async (_who, form, headers, status, error) => {
    const { revoke } = await createRevocable();
    const answer = await revoke(form, headers);
    expect([answer.statusCode, answer.json().error]).toEqual([status, error]);
  });

  it(verifies('tb:revocation', 'refuses a token in the URL, and takes nothing but POST'), async () => {
    const { app, post, subject } = await createRevocable();
    const token = await subject();
    const inUrl = await post({ token }, { url: `/revoke?token=${token}` });
    expect([inUrl.statusCode, inUrl.json().error]).toEqual([400, 'invalid_request']);
    expect((await app.inject({ method: 'GET', url: '/revoke' })).statusCode).toBe(405);
  });

  it('answers 503 when the keys of the issuer cannot be had: the token may exist', async () => {
    const { acme, subject, revoke } = await createRevocable();
    acme.faults.set('error', '/jwks');
    const answer = await revoke({ token: await subject() });
    expect([answer.statusCode, answer.json().error]).toEqual([503, 'temporarily_unavailable']);
  });
});

describe('POST /revoke/all', () => {
  it.each([
    ['session', 'session-1'],
    ['user', 'user-alice'],
    ['client', 'inspector'],
  ])(
    verifies('tb:revocation', 'lets an operator end all tokens of a %s, and a later login works'),
    async (kind, id) => {
      const { subject, exchanged, revokeAll, lastRecord, acme, time } = await createRevocable();
      const token = await subject({ sid: 'session-1' });
      const bystander = await subject({ sub: 'bob', sid: 'session-2', client_id: 'other' });
      await exchanged(token);
      const answer = await revokeAll({ kind, issuer: acme.issuer, id });
      expect([answer.statusCode, answer.body]).toEqual([200, '']);
      expect(lastRecord()).toMatchObject({ type: 'revocation', reason: 'operator', client_id: 'operator' });
      expect(await exchanged(token)).toBe(refused);
      expect(await exchanged(bystander)).toMatch(/^eyJ/);
      time.now += 6;
      const later = await subject({ sid: 'session-3' });
      expect(await exchanged(later)).toMatch(/^eyJ/);
    },
  );

  it.each<readonly [string, Form, Readonly<Record<string, string>>, string]>([
    ['who is no operator', {}, asMcpServer, 'unauthorized_client'],
    ['another kind', { kind: 'token' }, asOperator, 'invalid_request'],
    ['an issuer it does not know', { issuer: 'https://evil.example' }, asOperator, 'invalid_request'],
    ['no id', { id: '' }, asOperator, 'invalid_request'],
  ])(verifies('tb:revocation', 'refuses %s'), async (_what, over, headers, error) => {
    const { subject, exchanged, revokeAll, acme } = await createRevocable();
    const answer = await revokeAll({ kind: 'user', issuer: acme.issuer, id: 'user-alice', ...over }, headers);
    expect([answer.statusCode, answer.json().error]).toEqual([400, error]);
    expect(await exchanged(await subject())).toMatch(/^eyJ/);
  });
});

it(verifies('tb:revocation', 'is told in the metadata (RFC 8414 §2)'), async () => {
  const { app } = await createRevocable();
  const { body } = await app.inject('/.well-known/oauth-authorization-server');
  expect(JSON.parse(body)).toMatchObject({
    revocation_endpoint: 'https://broker.example/revoke',
    revocation_endpoint_auth_methods_supported: [
      'private_key_jwt',
      'client_secret_basic',
      'client_secret_post',
    ],
  });
});

it(verifies('op:redaction', 'writes no token that was revoked or refused'), async () => {
  const { subject, exchanged, revoke, log, audit } = await createRevocable();
  const token = await subject();
  const obtained = await exchanged(token);
  await revoke({ token: obtained });
  await revoke({ token }, asReports);
  await revoke({ token });
  const written = [...log, ...audit].join();
  for (const secret of [token, obtained]) expect(written).not.toContain(secret.split('.')[2]);
});
