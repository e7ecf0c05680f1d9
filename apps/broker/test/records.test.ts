import { verifies } from '@mcp-obo/testbed/verifies';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { refusal } from './fake-idp.ts';
import { asReports, basic, createFixture, type Form, type PostOptions } from './fixture.ts';
import { broker, clientKey, reports } from './settings.ts';

const { acme, audit, exchange, globex, log, post, subject, time } = await createFixture();
const secrets: string[] = ['secret of mcp-server', 'acme: mcp', 'inner text'];

/** The audit records that the work adds. */
async function recordsOf(work: () => Promise<unknown>): Promise<readonly Record<string, unknown>[]> {
  const before = audit.length;
  await work();
  return audit.slice(before).map((line) => JSON.parse(line));
}

async function token(claims: Readonly<Record<string, unknown>> = {}, idp = acme): Promise<string> {
  const made = await subject(claims, idp);
  secrets.push(...made.split('.'));
  return made;
}

describe('the audit', () => {
  it(
    verifies('op:audit', 'has one record of an exchange: who, for whom, what, and how it was decided'),
    async () => {
      const subject_token = await token({ jti: 'subject-token-1' });
      const [first, ...others] = await recordsOf(async () => {
        const response = await exchange({ subject_token });
        secrets.push(...response.json().access_token.split('.'));
      });
      expect(others).toEqual([]);
      expect(first).toEqual({
        schema: 'mcp-obo.audit/1',
        time: '2026-11-21T12:00:00.000Z',
        service: 'broker',
        type: 'exchange',
        decision: 'allow',
        reason: 'exchange',
        tenant: 'acme',
        issuer: acme.issuer,
        user: { issuer: acme.issuer, key: 'user-alice' },
        client_id: 'mcp-server',
        subject_client_id: 'inspector',
        token_id: 'subject-token-1',
        target: 'expenses-api',
        scopes: ['api:expenses.read'],
        duration_ms: 0,
      });
      expect(await recordsOf(() => exchange({ subject_token }))).toMatchObject([
        { decision: 'allow', reason: 'cache' },
      ]);
    },
  );

  it(
    verifies('op:audit', 'has one record of each refusal, with the reason that the wire does not tell'),
    async () => {
      const refusals: readonly (readonly [() => Promise<unknown>, Readonly<Record<string, unknown>>])[] = [
        [
          async () => exchange({ subject_token: await token(), scope: 'api:expenses.approve' }),
          { type: 'exchange', decision: 'refuse', reason: 'policy_scope', user: { key: 'user-alice' } },
        ],
        [
          async () => exchange({ subject_token: await token({ aud: reports }) }),
          { type: 'authentication', decision: 'refuse', reason: 'subject_audience', client_id: 'mcp-server' },
        ],
        [
          async () => exchange({ subject_token: await token({ iat: time.now - 400, exp: time.now - 60 }) }),
          { type: 'authentication', decision: 'refuse', reason: 'expired', client_id: 'mcp-server' },
        ],
        [
          () => exchange({}, { headers: { authorization: basic('mcp-server', 'guess of an attacker') } }),
          { type: 'authentication', decision: 'refuse', reason: 'client_secret' },
        ],
      ];
      secrets.push('guess of an attacker');
      for (const [work, expected] of refusals) expect(await recordsOf(work)).toMatchObject([expected]);
    },
  );

  it(verifies('op:audit', 'tells a fault from a refusal'), async () => {
    acme.answerWith(() => refusal(500, 'server_error', { error_description: 'inner text' }));
    const subject_token = await token();
    const records = await recordsOf(() => exchange({ subject_token }));
    acme.answerWith(undefined);
    expect(records).toMatchObject([{ type: 'exchange', decision: 'fault', reason: 'upstream_fault' }]);
  });

  it(verifies('op:audit', 'keeps tenants and machines apart'), async () => {
    const subject_token = await token({}, globex);
    expect(await recordsOf(() => exchange({ subject_token }))).toMatchObject([
      { tenant: 'globex', issuer: globex.issuer },
    ]);
    const form = { grant_type: 'client_credentials', audience: 'expenses-api' };
    const [machine] = await recordsOf(() => post(form));
    expect(machine).toMatchObject({
      type: 'exchange',
      tenant: 'acme',
      client_id: 'mcp-server',
      scopes: ['api:expenses.totals'],
    });
    expect(machine).not.toHaveProperty('user');
  });

  it(verifies('op:audit', 'has one record of what a known client may not ask for at all'), async () => {
    const refusals: readonly (readonly [Form, PostOptions, string])[] = [
      [{ audience: 'api://probing' }, {}, 'unknown_target'],
      [{ subject_token_type: '' }, {}, 'missing_parameter'],
      [{ grant_type: 'client_credentials' }, { headers: asReports }, 'unauthorized_client'],
    ];
    for (const [form, options, reason] of refusals) {
      const [first, ...others] = await recordsOf(() => exchange(form, options));
      expect(first).toMatchObject({ type: 'exchange', decision: 'refuse', reason });
      expect(first?.client_id).toBe(options.headers === undefined ? 'mcp-server' : 'reports-server');
      expect(others).toEqual([]);
    }
  });

  it('records nothing twice when a request is malformed before anybody is known', async () => {
    expect(await recordsOf(() => post({ grant_type: 'password' }))).toEqual([]);
  });
});

describe('a decision that cannot be recorded', () => {
  it(verifies('op:audit', 'is not carried out: no token leaves'), async () => {
    let full = false;
    const fixture = await createFixture({
      onAudit: () => {
        if (full) throw new Error('ENOSPC: no space left on device');
      },
    });
    const allowed = await fixture.exchange({});
    expect(allowed.statusCode).toBe(200);
    full = true;
    const unrecorded = await fixture.exchange({});
    expect(unrecorded.statusCode).toBe(500);
    expect(unrecorded.json()).toEqual({ error: 'server_error', error_description: 'The broker failed.' });
    const refused = await fixture.exchange({ audience: 'unknown' });
    expect([refused.statusCode, refused.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_target' }),
    ]);
    full = false;
    expect((await fixture.exchange({})).statusCode).toBe(200);
    expect(fixture.log.join('')).toContain('ENOSPC');
  });
});

describe('no line of log or audit', () => {
  it(verifies(['tb:no-store', 'op:redaction'], 'has a token, a secret or an inner text in it'), async () => {
    const assertion = await new SignJWT({
      iss: 'keys-server',
      sub: 'keys-server',
      aud: broker,
      jti: '1',
      exp: 1,
    })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(clientKey.privateKey);
    secrets.push(...assertion.split('.'));
    await exchange({}, { url: `/token?subject_token=${await token()}` });
    await post(
      {
        client_assertion: assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        grant_type: 'client_credentials',
      },
      { headers: { authorization: '' } },
    );
    await exchange({ subject_token: `${await token()}x` });
    await exchange({ claims: await token() });
    await exchange({ audience: await token(), scope: await token() });
    acme.answerWith(() =>
      refusal(400, 'invalid_grant', { error_description: `inner text ${secrets.at(-1)}` }),
    );
    await exchange({ subject_token: await token() });
    acme.answerWith(undefined);
    const lines = [...log, ...audit].join('\n');
    expect(log.length).toBeGreaterThan(10);
    for (const secret of secrets.filter((text) => text.length > 7)) expect(lines).not.toContain(secret);
  });
});
