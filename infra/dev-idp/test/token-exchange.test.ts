import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTokenType, api, claimsOf, headerOf, mcp, secrets, startTestIdp, type TestIdp } from './idp.ts';

const otherServer = 'http://127.0.0.1:4999/other';
let idp: TestIdp;
let subject: string;
beforeAll(async () => {
  idp = await startTestIdp();
  subject = (await idp.logIn()).access_token;
});
afterAll(() => idp.close());

describe('token exchange (RFC 8693)', () => {
  it('gives the same user a token for the target, with the requester as actor', async () => {
    const { status, body, headers } = await idp.exchange(subject);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      access_token: expect.any(String),
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'api:expenses.read',
    });
    expect(headerOf(body.access_token).typ).toBe('at+jwt');
    const { sid, auth_time, acr, amr, roles, groups } = claimsOf(subject);
    expect(claimsOf(body.access_token)).toEqual({
      iss: idp.issuer(),
      aud: api,
      sub: 'sub-of-alice',
      client_id: mcp,
      act: { sub: mcp },
      scope: 'api:expenses.read',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
      ...{ sid, auth_time, acr, amr, roles, groups },
    });
    const { iat, exp } = claimsOf(body.access_token);
    expect(Number(exp) - Number(iat)).toBe(300);
  });

  it('takes the target as resource too, and both when they agree', async () => {
    expect((await idp.exchange(subject, { audience: '', resource: api })).status).toBe(200);
    expect((await idp.exchange(subject, { resource: api })).status).toBe(200);
  });

  it.each([
    ['no subject token', { subject_token: '' }, 'invalid_request'],
    ['no type of the subject token', { subject_token_type: '' }, 'invalid_request'],
    ['an unknown type', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
    ['an unknown wanted type', { requested_token_type: 'urn:example:other' }, 'invalid_request'],
    ['an actor token', { actor_token: 'x', actor_token_type: accessTokenType }, 'invalid_request'],
    ['a token that is none', { subject_token: 'x.y.z' }, 'invalid_request'],
    ['no target', { audience: '' }, 'invalid_target'],
    ['an unknown target', { audience: 'api://payroll' }, 'invalid_target'],
    ['its own audience as target', { audience: mcp, scope: 'expenses:read' }, 'invalid_target'],
    ['two targets', { audience: [api, 'api://payroll'] }, 'invalid_target'],
    ['a scope beyond the permission', { scope: 'api:expenses.read api:expenses.admin' }, 'invalid_scope'],
    ['an unknown scope', { scope: 'everything' }, 'invalid_scope'],
    ['no scope', { scope: '' }, 'invalid_scope'],
  ])('refuses %s', async (_case, params, error) => {
    const { status, body } = await idp.exchange(subject, params);
    expect({ status, error: body.error }).toEqual({ status: 400, error });
  });

  it('refuses a parameter that is there twice (RFC 6749 §3.2)', async () => {
    const { body } = await idp.exchange(subject, { scope: ['api:expenses.read', 'api:expenses.write'] });
    expect(body.error).toBe('invalid_request');
  });

  it('refuses a client that is not in the audience of the subject token', async () => {
    const { status, body } = await idp.exchange(subject, {}, { client: [otherServer, secrets.other] });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: 'invalid_request',
      error_description: 'subject_token was not issued for this client',
    });
  });

  it('refuses a wrong secret with 401 and invalid_client', async () => {
    const { status, body } = await idp.exchange(subject, {}, { client: [mcp, 'wrong'] });
    expect({ status, error: body.error }).toEqual({ status: 401, error: 'invalid_client' });
  });

  it('is closed to the public client that has the token', async () => {
    const { body } = await idp.token({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      client_id: 'agent',
      subject_token: subject,
      subject_token_type: accessTokenType,
      audience: api,
      scope: 'api:expenses.read',
    });
    expect(body.error).toBe('invalid_request');
  });

  it('refuses an ID token as subject token', async () => {
    const { id_token } = await idp.logIn({ scope: 'openid expenses:read' });
    expect((await idp.exchange(String(id_token))).body.error).toBe('invalid_request');
  });

  it('refuses a token of another tenant', async () => {
    const { access_token } = await idp.logIn({}, { tenant: 'globex', username: 'gina' });
    expect((await idp.exchange(access_token)).body.error).toBe('invalid_request');
  });

  it('refuses a token that speaks for no user', async () => {
    const machine = await idp.token(
      { grant_type: 'client_credentials', resource: mcp, scope: 'expenses:totals' },
      { client: ['nightly-job', secrets.job] },
    );
    const { body } = await idp.exchange(machine.body.access_token);
    expect(body).toMatchObject({
      error: 'invalid_request',
      error_description: 'subject_token does not speak for a user',
    });
  });

  it('refuses a subject token whose grant was revoked (RFC 7009 §2.1)', async () => {
    const { access_token, refresh_token } = await idp.logIn({ client_id: 'second-agent' });
    expect((await idp.exchange(access_token)).status).toBe(200);
    const revoked = await fetch(`${idp.issuer()}/token/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ token: refresh_token, client_id: 'second-agent' }),
    });
    expect(revoked.status).toBe(200);
    const { body } = await idp.exchange(access_token);
    expect(body).toMatchObject({ error: 'invalid_request', error_description: 'subject_token was revoked' });
  });
});

describe('faults on demand', () => {
  const claimsUnder = async (fault: string) => {
    expect((await idp.admin('POST', `/dev/faults?tenant=acme&fault=${fault}`)).status).toBe(200);
    const { body } = await idp.exchange(subject);
    return { claims: claimsOf(body.access_token), answer: body };
  };

  it.each([
    ['scope', { scope: expect.stringContaining('api:expenses.admin') }],
    ['audience', { aud: 'https://another-api.example' }],
    ['user', { sub: 'sub-of-maria' }],
    ['issuer', { iss: expect.stringMatching(/acme-other$/) }],
  ])('%s: the token is wrong and the answer looks right', async (fault, wrong) => {
    const { claims, answer } = await claimsUnder(fault);
    expect(claims).toMatchObject(wrong);
    expect(answer).toMatchObject({ scope: 'api:expenses.read', expires_in: 300 });
  });

  it('expired, lifetime and actor change what they say', async () => {
    const now = Date.now() / 1000;
    expect(Number((await claimsUnder('expired')).claims.exp)).toBeLessThan(now);
    expect(Number((await claimsUnder('lifetime')).claims.exp)).toBeGreaterThan(now + 300 * 86_400);
    expect((await claimsUnder('actor')).claims.act).toBeUndefined();
  });

  it('unavailable: the exchange answers 503', async () => {
    await idp.admin('POST', '/dev/faults?tenant=acme&fault=unavailable');
    const { status, body } = await idp.exchange(subject);
    expect({ status, error: body.error }).toEqual({ status: 503, error: 'temporarily_unavailable' });
  });

  it('ends after the given number of exchanges, or when cleared', async () => {
    await idp.admin('POST', '/dev/faults?tenant=acme&fault=user&times=2');
    const sub = async () => claimsOf((await idp.exchange(subject)).body.access_token).sub;
    expect([await sub(), await sub(), await sub()]).toEqual(['sub-of-maria', 'sub-of-maria', 'sub-of-alice']);
    await idp.admin('POST', '/dev/faults?tenant=acme&fault=user&times=9');
    await idp.admin('DELETE', '/dev/faults?tenant=acme');
    expect(await sub()).toBe('sub-of-alice');
  });

  it('leaves logins alone', async () => {
    await idp.admin('POST', '/dev/faults?tenant=acme&fault=user');
    expect(claimsOf((await idp.logIn()).access_token).sub).toBe('sub-of-alice');
    await idp.admin('DELETE', '/dev/faults?tenant=acme');
  });

  it('has no unknown faults', async () => {
    const { status, body } = await idp.admin('POST', '/dev/faults?tenant=acme&fault=other');
    expect(status).toBe(400);
    expect(body.faults).toContain('audience');
  });
});
