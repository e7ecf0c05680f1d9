import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { claimsOf, refusal } from './fake-idp.ts';
import { asReports, type Form, noon } from './fixture.ts';
import { asOperator, createRevocable } from './revocable.ts';
import { brokerSettings, mcp } from './settings.ts';

const hint = 'access_token';

/** A broker with the records of what became of tokens at their issuer. */
async function createBroker(config: Readonly<Record<string, unknown>> = {}) {
  const broker = await createRevocable(config);
  const records = () =>
    broker.audit.map((line) => JSON.parse(line)).filter(({ reason }) => reason?.startsWith('issuer_'));
  return {
    ...broker,
    records,
    reasons: () => records().map(({ reason }) => reason),
  };
}

const sections = () => brokerSettings('https://idp.example/acme', 'https://idp.example/globex');

describe('a revocation reaches the issuer (RFC 7009)', () => {
  it(
    verifies(
      'tb:revocation',
      'for what was obtained with a revoked token, as the registration that obtained it',
    ),
    async () => {
      const { subject, exchanged, revoke, acme, reasons, records } = await createBroker();
      const token = await subject({ jti: 'of alice', sid: 'one' });
      const obtained = await exchanged(token);
      await exchanged(await subject({ jti: 'another of alice', sid: 'two' }));
      await exchanged(await subject({ sub: 'user-bob' }));
      await revoke({ token });
      await expect.poll(reasons).toEqual(['issuer_revoked']);
      expect(acme.revoked).toEqual([{ clientId: mcp, token: obtained, hint }]);
      expect(records()[0]).toMatchObject({
        type: 'revocation',
        decision: 'allow',
        issuer: acme.issuer,
        client_id: 'mcp-server',
        subject_client_id: mcp,
        token_id: claimsOf(obtained).jti,
      });
    },
  );

  it.each<readonly [string, object, boolean[]]>([
    ['session', { kind: 'session', id: 'one' }, [true, false, false]],
    ['user', { kind: 'user', id: 'user-alice' }, [true, true, false]],
    ['client', { kind: 'client', id: 'inspector' }, [true, true, true]],
  ])(verifies('tb:revocation', 'for all tokens of a %s, and no other'), async (_what, what, expected) => {
    const { subject, exchanged, revokeAll, acme, reasons } = await createBroker();
    const obtained = [
      await exchanged(await subject({ sid: 'one' })),
      await exchanged(await subject({ sid: 'two' })),
      await exchanged(await subject({ sub: 'user-bob', sid: 'three' })),
    ];
    await revokeAll({ issuer: acme.issuer, ...what } as Form);
    const wanted = obtained.filter((_token, index) => expected[index]);
    await expect.poll(reasons).toHaveLength(wanted.length);
    expect(acme.revoked.map(({ token }) => token).toSorted()).toEqual(wanted.toSorted());
  });

  it(verifies('tb:revocation', 'for the session that the issuer ended'), async () => {
    const { subject, exchanged, post, acme, reasons } = await createBroker();
    const obtained = await exchanged(await subject({ sid: 'one' }));
    await exchanged(await subject({ sid: 'two' }));
    const logout_token = await acme.mint(
      {
        aud: mcp,
        sub: undefined,
        sid: 'one',
        exp: noon + 120,
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        client_id: undefined,
        scope: undefined,
      },
      { header: { typ: 'logout+jwt' } },
    );
    const answer = await post(
      { logout_token },
      { url: '/backchannel-logout', headers: { authorization: '' } },
    );
    expect(answer.statusCode).toBe(200);
    await expect.poll(reasons).toEqual(['issuer_revoked']);
    expect(acme.revoked).toEqual([{ clientId: mcp, token: obtained, hint }]);
  });

  it(verifies('tb:revocation', 'for tokens without a user, when their client is revoked'), async () => {
    const { post, revokeAll, acme, reasons } = await createBroker();
    const form = { grant_type: 'client_credentials', audience: 'expenses-api', scope: 'api:expenses.totals' };
    const { access_token: token } = (await post(form)).json();
    await revokeAll({ kind: 'client', issuer: acme.issuer, id: mcp });
    await expect.poll(reasons).toEqual(['issuer_revoked']);
    expect(acme.revoked).toEqual([{ clientId: mcp, token, hint }]);
  });

  it.each([
    ['the client it was obtained for', undefined],
    ['an operator', asOperator],
  ])(
    verifies('tb:revocation', 'for a token that was obtained, by %s, and for no other'),
    async (_who, as) => {
      const { subject, exchanged, revoke, acme, reasons } = await createBroker();
      const token = await exchanged(await subject({ jti: 'a' }));
      await exchanged(await subject({ jti: 'b' }));
      await revoke({ token }, as);
      await expect.poll(reasons).toEqual(['issuer_revoked']);
      expect(acme.revoked).toEqual([{ clientId: mcp, token, hint }]);
    },
  );

  it(verifies('tb:revocation', 'not for the token of a user: it was not issued to us'), async () => {
    const { subject, revoke, acme, lastRecord } = await createBroker();
    await revoke({ token: await subject({ jti: 'of alice' }) });
    expect(lastRecord()).toMatchObject({ token_id: 'of alice' });
    expect(acme.revoked).toEqual([]);
  });

  it(
    verifies('tb:revocation', 'for what came back when its subject was revoked already, and nobody got'),
    async () => {
      const { subject, exchanged, revoke, acme, reasons } = await createBroker();
      const { promise: gate, resolve: open } = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      acme.answerWith(async (request) => {
        asked.resolve();
        await gate;
        return acme.mintAnswer(request);
      });
      const token = await subject({ jti: 'of alice' });
      const late = exchanged(token);
      await asked.promise;
      await revoke({ token });
      expect(acme.revoked).toEqual([]);
      open();
      expect(await late).toBe('invalid_request subject_refused');
      await expect.poll(reasons).toEqual(['issuer_revoked']);
      expect(acme.revoked).toHaveLength(1);
    },
  );

  it(verifies('tb:revocation', 'nowhere, where the issuer cannot: no request is sent'), async () => {
    const { issuers } = await sections();
    const { subject, exchanged, revoke, acme, audit } = await createBroker({
      issuers: (issuers as object[]).map((one) => ({ ...one, profile: 'auth0' })),
    });
    const token = await subject({ jti: 'of alice' });
    const obtained = await exchanged(token);
    expect(obtained).toMatch(/^eyJ/);
    await revoke({ token });
    await revoke({ token: obtained });
    expect(acme.revoked).toEqual([]);
    expect(audit.join()).not.toContain('issuer_');
  });
});

describe('what the issuer answers', () => {
  it(verifies('tb:revocation', 'is not waited for'), async () => {
    const { subject, exchanged, revoke, acme } = await createBroker();
    const token = await subject();
    await exchanged(token);
    acme.revokeWith(() => new Promise(() => undefined));
    expect((await revoke({ token })).statusCode).toBe(200);
    expect(await exchanged(token)).toBe('invalid_request subject_refused');
  });

  it.each<readonly [string, () => Response, string]>([
    ['a refusal', () => refusal(400, 'invalid_request'), 'issuer_refused'],
    ['that it cannot', () => refusal(400, 'unsupported_token_type'), 'issuer_unsupported'],
  ])(
    verifies('tb:revocation', 'changes nothing here, and is recorded: %s'),
    async (_what, answer, reason) => {
      const { subject, exchanged, revoke, acme, records, log } = await createBroker();
      const token = await subject();
      const obtained = await exchanged(token);
      acme.revokeWith(answer);
      expect((await revoke({ token })).statusCode).toBe(200);
      await expect.poll(records).toMatchObject([{ reason, decision: 'refuse' }]);
      expect(await exchanged(token)).toBe('invalid_request subject_refused');
      expect(log.join()).toContain('not revoked at the issuer');
      expect(log.join()).not.toContain(obtained.split('.')[2]);
    },
  );

  it(
    verifies('tb:revocation', 'is waited for when the broker ends; what is to be tried again is dropped'),
    async () => {
      const { subject, exchanged, revoke, acme, reasons, app } = await createBroker();
      const [one, other] = [await subject({ jti: 'a' }), await subject({ jti: 'b' })];
      await exchanged(one);
      await exchanged(other);
      acme.revokeWith(() => refusal(503, 'temporarily_unavailable'));
      await revoke({ token: one });
      await expect.poll(() => acme.revoked).toHaveLength(1);
      acme.revokeWith(undefined);
      await revoke({ token: other });
      await app.close();
      await expect.poll(() => reasons().toSorted()).toEqual(['issuer_dropped', 'issuer_revoked']);
    },
  );
});

describe('an opaque token that was obtained', () => {
  /** The issuer answers with tokens that nobody can read: `opaque-1`, `opaque-2` … */
  async function createOpaque() {
    const { targets } = await sections();
    const broker = await createBroker({
      targets: (targets as object[]).map((target) => ({ ...target, kind: 'opaque' })),
    });
    let answers = 0;
    broker.acme.answerWith(() =>
      Response.json({
        access_token: `opaque-${++answers}`,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 300,
      }),
    );
    return broker;
  }

  it(verifies('tb:revocation', 'ends at its issuer, by the client it was obtained for'), async () => {
    const { subject, exchanged, revoke, acme, reasons, lastRecord, audit, log } = await createOpaque();
    const one = await subject({ jti: 'a' });
    const bystander = await subject({ jti: 'b' });
    expect([await exchanged(one), await exchanged(bystander)]).toEqual(['opaque-1', 'opaque-2']);
    expect((await revoke({ token: 'opaque-1' })).statusCode).toBe(200);
    expect(lastRecord()).toMatchObject({ type: 'revocation', decision: 'allow', client_id: 'mcp-server' });
    await expect.poll(reasons).toEqual(['issuer_revoked']);
    expect(acme.revoked).toEqual([{ clientId: mcp, token: 'opaque-1', hint }]);
    expect([await exchanged(one), await exchanged(bystander)]).toEqual(['opaque-3', 'opaque-2']);
    expect([...audit, ...log].join()).not.toContain('opaque-1');
  });

  it(verifies('tb:revocation', 'ends at its issuer with what it was obtained with'), async () => {
    const { subject, exchanged, revoke, acme, reasons } = await createOpaque();
    const one = await subject({ jti: 'a' });
    await exchanged(one);
    await exchanged(await subject({ jti: 'b' }));
    await revoke({ token: one });
    await expect.poll(reasons).toEqual(['issuer_revoked']);
    expect(acme.revoked).toEqual([{ clientId: mcp, token: 'opaque-1', hint }]);
  });

  it(verifies('tb:revocation', 'is left alone by any other client, and an operator may'), async () => {
    const { subject, exchanged, revoke, acme, reasons } = await createOpaque();
    const one = await subject({ jti: 'a' });
    await exchanged(one);
    const answer = await revoke({ token: 'opaque-1' }, asReports);
    expect([answer.statusCode, answer.json().error]).toEqual([400, 'invalid_grant']);
    expect([await exchanged(one), acme.revoked]).toEqual(['opaque-1', []]);
    expect((await revoke({ token: 'opaque-1' }, asOperator)).statusCode).toBe(200);
    await expect.poll(reasons).toEqual(['issuer_revoked']);
    expect(await exchanged(one)).toBe('opaque-2');
  });

  it(verifies('tb:revocation', 'I03: of somebody else is shown to no issuer'), async () => {
    const { subject, exchanged, revoke, acme, globex } = await createOpaque();
    await exchanged(await subject({ jti: 'a' }));
    expect((await revoke({ token: 'opaque-9' })).statusCode).toBe(200);
    expect([acme.revoked, globex.revoked]).toEqual([[], []]);
  });
});
