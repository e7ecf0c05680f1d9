import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { accessTokenType, asReports, createFixture } from './fixture.ts';
import { mcp, reports } from './settings.ts';

const { acme, globex, exchange, subject, time } = await createFixture();
const refused = { error: 'invalid_request', suberror: 'subject_refused' };

describe('the subject token', () => {
  const tokens: readonly (readonly [string, () => Promise<string>])[] = [
    ['X05: is expired', () => subject({ iat: time.now - 400, exp: time.now - 31 })],
    ['X05: has a bad signature', async () => `${(await subject()).slice(0, -8)}AAAAAAAA`],
    ['X05: is for another resource', () => subject({ aud: 'https://other.example/mcp' })],
    ['X05: is no JWT', async () => 'opaque'],
    ['is of an issuer that is not configured', () => subject({ iss: 'https://evil.example' })],
    ['is an ID token', () => acme.mint({ aud: mcp, nonce: 'n' }, { header: { typ: 'JWT' } })],
    ['X16: is for another client of this broker', () => subject({ aud: reports })],
    ['X16: is for this client and another', () => subject({ aud: [mcp, reports] })],
    ['is the downstream API’s own', () => subject({ aud: 'api://expenses' })],
    ['X19: is sender-constrained and comes without proof', () => subject({ cnf: { jkt: 'thumbprint' } })],
  ];
  it.each(tokens)(verifies('tb:subject-check', 'is refused when it %s'), async (_what, token) => {
    const before = acme.requests.length;
    const response = await exchange({ subject_token: await token() });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({ ...refused, error_description: expect.any(String) });
    expect(acme.requests).toHaveLength(before);
  });

  it(
    verifies('tb:subject-check', 'may name a companion audience of its issuer beside the client’s'),
    async () => {
      const companion = await subject({ aud: [mcp, 'account'] });
      expect((await exchange({ subject_token: companion })).statusCode).toBe(200);
      const alone = await subject({ aud: 'account' });
      expect((await exchange({ subject_token: alone })).json()).toMatchObject(refused);
      const elsewhere = await subject({ aud: [mcp, 'account'] }, globex);
      expect((await exchange({ subject_token: elsewhere })).json()).toMatchObject(refused);
    },
  );

  it(
    verifies('tb:subject-check', 'X16: of a companion alone is refused, whosever resource that is'),
    async () => {
      const issuers = [
        { tenant: 'acme', issuer: acme.issuer, companions: [reports] },
        { tenant: 'globex', issuer: globex.issuer },
      ];
      const other = await createFixture({ config: { issuers } });
      const alone = await other.subject({ aud: reports });
      expect((await other.exchange({ subject_token: alone })).json()).toMatchObject(refused);
      const beside = await other.subject({ aud: [mcp, reports] });
      expect((await other.exchange({ subject_token: beside })).statusCode).toBe(200);
    },
  );

  it(verifies('tb:subject-check', 'must be of the tenant whose endpoint is asked'), async () => {
    const subject_token = await subject({}, globex);
    const at = (tenant: string) => exchange({ subject_token }, { url: `/${tenant}/oauth2/v2.0/token` });
    expect((await at('globex')).statusCode).toBe(200);
    expect((await at('acme')).json()).toMatchObject(refused);
    expect((await at('nobody')).statusCode).toBe(404);
  });

  it('of a machine gets nothing on behalf of a user', async () => {
    const subject_token = await subject({ sub: 'nightly-job', client_id: 'nightly-job' });
    const response = await exchange({ subject_token });
    expect([response.statusCode, response.json().error]).toEqual([400, 'invalid_request']);
  });

  it('cannot be checked while the issuer’s keys are away: 503, and never the caller’s fault', async () => {
    const fixture = await createFixture();
    fixture.acme.faults.set('error', '/jwks');
    const response = await fixture.exchange({});
    expect([response.statusCode, response.json().error]).toEqual([503, 'temporarily_unavailable']);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('the actor', () => {
  const actor = { actor_token_type: accessTokenType };

  it(verifies('tb:may-act', 'X18: may not be the subject itself'), async () => {
    const response = await exchange({ actor_token: await subject(), ...actor });
    expect([response.statusCode, response.json().error]).toEqual([400, 'invalid_request']);
  });

  it(verifies('tb:may-act', 'X18: may not make a chain of more than five'), async () => {
    const chain = (depth: number): object =>
      depth === 0 ? { sub: 'a0' } : { sub: `a${depth}`, act: chain(depth - 1) };
    const four = await subject({ act: chain(3) });
    expect((await exchange({ subject_token: four })).statusCode).toBe(200);
    const five = await subject({ act: chain(4) });
    expect((await exchange({ subject_token: five })).json().error).toBe('invalid_request');
  });

  it.each([
    ['the actor token’s party', { sub: 'agent-7' }, 'agent-7', 200],
    ['another party', { sub: 'agent-8' }, 'agent-7', 400],
    [
      'the same name at another issuer',
      { sub: 'agent-7', iss: 'https://idp.example/globex' },
      'agent-7',
      400,
    ],
    ['the authenticated client, without an actor token', { sub: mcp }, undefined, 200],
    ['another than the authenticated client', { sub: reports }, undefined, 400],
    ['nothing that can be read', 'agent-7', 'agent-7', 400],
  ])(verifies('tb:may-act', 'is held against may_act that names %s'), async (_what, may_act, sub, status) => {
    const actor_token = sub === undefined ? '' : await acme.mint({ sub, aud: mcp });
    const form = { subject_token: await subject({ may_act }), actor_token };
    const response = await exchange(sub === undefined ? form : { ...form, ...actor });
    expect(response.statusCode).toBe(status);
  });

  it(verifies('tb:may-act', 'must have a token that is valid and for this client'), async () => {
    for (const claims of [{ aud: reports }, { exp: time.now - 31, iat: time.now - 60 }]) {
      const actor_token = await acme.mint({ sub: 'agent-7', aud: mcp, ...claims });
      expect((await exchange({ actor_token, ...actor })).json()).toMatchObject(refused);
    }
  });
});

describe('the client', () => {
  it(
    verifies('tb:upstream-credential', 'exchanges with its own registration and never another’s'),
    async () => {
      await exchange({});
      expect(acme.requests.at(-1)?.clientId).toBe(mcp);
      const form = { subject_token: await subject({ aud: reports }) };
      expect((await exchange(form, { headers: asReports })).statusCode).toBe(200);
      expect(acme.requests.at(-1)?.clientId).toBe(reports);
    },
  );

  it(
    verifies('tb:upstream-credential', 'without a registration at the issuer is refused, not helped out'),
    async () => {
      const before = globex.requests.length;
      const form = { subject_token: await subject({ aud: reports }, globex) };
      const response = await exchange(form, { headers: asReports });
      expect([response.statusCode, response.json().error]).toEqual([400, 'unauthorized_client']);
      expect(globex.requests).toHaveLength(before);
    },
  );
});
