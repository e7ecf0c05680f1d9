import { generateKeyPairSync } from 'node:crypto';
import { type Actor, formatUserKey, tokenHash } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { brokerAt, createMintBench, newKey } from '../../../test/minting.ts';
import { acme, noon, resource } from '../../../test/setup.ts';
import { mintKey } from './mint-key.ts';

const toLedger = { client: 'mcp-server', target: 'ledger', scopes: ['ledger.read'] };
const toArchive = { client: 'ledger', target: 'archive', scopes: ['archive.read'] };

describe('a minted token', () => {
  it(
    verifies('tb:mint', 'is an access token of RFC 9068 that says who the user is and who acts'),
    async () => {
      const bench = createMintBench();
      const login = await bench.subject({
        jti: 'login-1',
        sid: 'session-1',
        auth_time: noon - 60,
        acr: 'gold',
        amr: ['hwk'],
      });
      const { issued, subjectToken } = await bench.exchange(login, toLedger);
      expect(decodeProtectedHeader(subjectToken)).toEqual({
        alg: 'ES256',
        kid: bench.ring.signing().kid,
        typ: 'at+jwt',
      });
      expect(decodeJwt(subjectToken)).toEqual({
        iss: brokerAt,
        aud: 'api://ledger',
        sub: tokenHash(formatUserKey({ issuer: acme, key: 'user-alice' })),
        sub_id: { format: 'iss_sub', iss: acme, sub: 'user-alice' },
        client_id: 'mcp-server',
        scope: 'ledger.read',
        tenant: 'acme',
        act: { sub: 'mcp-server', iss: brokerAt },
        origin: { iss: acme, client_id: 'orchestrator-at-acme', jti: 'login-1', iat: noon, sid: 'session-1' },
        auth_time: noon - 60,
        acr: 'gold',
        amr: ['hwk'],
        jti: expect.stringMatching(/^random-/),
        iat: noon,
        exp: noon + 300,
      });
      expect(issued).toMatchObject({ expiresAt: noon + 300, scopes: ['ledger.read'], source: 'exchange' });
      expect(issued.grantedAct).toEqual({ sub: 'mcp-server', iss: brokerAt });
    },
  );

  it(verifies('tb:mint', 'is known downstream as the user of the identity provider'), async () => {
    const bench = createMintBench();
    const { grant } = await bench.exchange(await bench.subject(), toLedger);
    expect(grant.user).toEqual({ issuer: acme, key: 'user-alice' });
    expect(grant.origin).toMatchObject({ issuer: acme, client: 'orchestrator-at-acme' });
  });

  it.each([
    ['its subject token', { exp: noon + 40 }, noon + 40],
    ['five minutes', { exp: noon + 600 }, noon + 300],
  ])(verifies('tb:mint', 'ends with %s'), async (_what, claims, exp) => {
    const bench = createMintBench();
    const { grant } = await bench.exchange(await bench.subject(claims), toLedger);
    expect(grant.expiresAt).toBe(exp);
  });

  it(verifies('tb:mint', 'is signed with Ed25519 as well'), async () => {
    const bench = createMintBench({ keys: [newKey('ed25519')] });
    const { subjectToken } = await bench.exchange(await bench.subject(), toLedger);
    expect(decodeProtectedHeader(subjectToken).alg).toBe('EdDSA');
  });

  it(verifies('tb:mint', 'is kept like any other, and not found again once its key is gone'), async () => {
    const bench = createMintBench();
    const login = await bench.subject();
    const first = await bench.exchange(login, toLedger);
    expect((await bench.exchange(login, toLedger)).issued).toMatchObject({
      source: 'cache',
      accessToken: first.subjectToken,
    });
    bench.ring.replace({ keys: [newKey()] });
    const { source, accessToken } = await bench.engine.exchange({ ...login, ...toLedger });
    expect([source, accessToken === first.subjectToken]).toEqual(['exchange', false]);
  });

  it(verifies('tb:mint', 'holds no more scopes than policy and subject give'), async () => {
    const bench = createMintBench();
    const login = await bench.subject();
    await expect(bench.exchange(login, { ...toLedger, scopes: ['ledger.write'] })).rejects.toMatchObject({
      code: 'invalid_scope',
    });
    const all = await bench.exchange(login, { ...toLedger, scopes: [] });
    expect(all.grant.scopes).toEqual(['ledger.read']);
  });

  it(verifies('tb:mint', 'is never made of a token that is bound to a key nobody proved'), async () => {
    const bench = createMintBench();
    const { grant, subjectToken } = await bench.subject();
    const bound = { grant: { ...grant, cnf: { jkt: 'thumbprint' } }, subjectToken };
    await expect(bench.engine.exchange({ ...bound, ...toLedger })).rejects.toMatchObject({
      code: 'invalid_request',
      reason: 'subject_bound',
    });
  });

  it(verifies(['tb:mint', 'tb:m2m'], 'speaks for the client alone where no user is'), async () => {
    const bench = createMintBench();
    const request = { client: 'mcp-server', target: 'ledger', scopes: ['ledger.total'] };
    const { accessToken } = await bench.engine.machine(request);
    const grant = await bench.validate(accessToken);
    expect([grant.user, grant.subject, grant.client, grant.scopes]).toEqual([
      undefined,
      'mcp-server',
      'mcp-server',
      ['ledger.total'],
    ]);
    expect(decodeJwt(accessToken)).not.toHaveProperty('act');
  });
});

describe('what narrows the subject token', () => {
  it.each([
    ['its allowed tools', { mcp_allowed_tools: ['whoami'] }, { mcp_allowed_tools: ['whoami'] }],
    ['none of the tools', { mcp_allowed_tools: [] }, { mcp_allowed_tools: [] }],
    [
      'who may act, with its issuer said',
      { may_act: { sub: resource } },
      { may_act: { iss: acme, sub: resource } },
    ],
  ])(verifies('tb:mint', 'goes along: %s'), async (_what, claims, expected) => {
    const bench = createMintBench();
    const { subjectToken } = await bench.exchange(await bench.subject(claims), toLedger);
    expect(decodeJwt(subjectToken)).toMatchObject(expected);
  });

  it(
    verifies('tb:may-act', 'keeps whom the identity provider named alone, through every further exchange'),
    async () => {
      const bench = createMintBench();
      const login = await bench.subject({ may_act: { sub: resource } });
      const first = await bench.exchange(login, toLedger);
      await expect(bench.exchange(first, toArchive)).rejects.toMatchObject({ reason: 'may_act' });
      const other = await bench.subject({ may_act: { sub: 'somebody-else' } });
      await expect(bench.exchange(other, toLedger)).rejects.toMatchObject({ reason: 'may_act' });
    },
  );

  it(verifies('tb:may-act', 'names an actor by its registration at the broker, too'), async () => {
    const bench = createMintBench();
    const may = (sub: string) => bench.subject({ may_act: { iss: brokerAt, sub } });
    expect((await bench.exchange(await may('mcp-server'), toLedger)).issued.source).toBe('exchange');
    await expect(bench.exchange(await may('ledger'), toLedger)).rejects.toMatchObject({ reason: 'may_act' });
  });

  it('roles and groups stay where they mean something: at the same audience', async () => {
    const bench = createMintBench();
    const login = await bench.subject({ roles: ['manager'], groups: ['/staff'] });
    const elsewhere = await bench.exchange(login, toLedger);
    expect([elsewhere.grant.roles, elsewhere.grant.groups]).toEqual([[], []]);
    const same = await bench.exchange(login, {
      client: 'orchestrator',
      target: 'mcp-server',
      scopes: ['expenses:read'],
    });
    expect([same.grant.roles, same.grant.groups]).toEqual([['manager'], ['/staff']]);
  });
});

describe('a second hop', () => {
  it(
    verifies(['tb:sub-agent', 'tb:mint'], 'keeps the user, the login and the chain of those who acted'),
    async () => {
      const bench = createMintBench();
      const first = await bench.exchange(await bench.subject({ jti: 'login-1' }), toLedger);
      bench.time.now += 30;
      const second = await bench.exchange(first, toArchive);
      expect(second.grant).toMatchObject({
        user: { issuer: acme, key: 'user-alice' },
        client: 'ledger',
        audience: ['api://archive'],
        scopes: ['archive.read'],
        act: { sub: 'ledger', iss: brokerAt, act: { sub: 'mcp-server', iss: brokerAt } },
        origin: { issuer: acme, tokenId: 'login-1', issuedAt: noon },
        expiresAt: noon + 300,
      });
    },
  );

  it(
    verifies('tb:mint', 'ends at targets of the identity provider, which does not know the broker'),
    async () => {
      const bench = createMintBench();
      const first = await bench.exchange(await bench.subject(), toLedger);
      await expect(
        bench.engine.exchange({ ...first, client: 'ledger', target: 'expenses-api', scopes: [] }),
      ).rejects.toMatchObject({ code: 'invalid_target', reason: 'target_of_issuer' });
      expect(bench.idp.requests).toHaveLength(0);
    },
  );

  it(verifies('tb:may-act', 'X18: makes no chain of more than five'), async () => {
    const bench = createMintBench();
    const chain = (depth: number): Actor | undefined =>
      depth === 0 ? undefined : { sub: `agent-${depth}`, act: chain(depth - 1) };
    const four = await bench.exchange(await bench.subject({ act: chain(4) }), toLedger);
    await expect(bench.exchange(four, toArchive)).rejects.toMatchObject({ reason: 'actor_depth' });
    expect(four.grant.act?.act).toMatchObject({ sub: 'agent-4', iss: acme });
  });
});

describe('a key that mints', () => {
  it.each([
    ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['a P-384 key', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['an Ed448 key', generateKeyPairSync('ed448').privateKey],
    ['a key for agreement', generateKeyPairSync('x25519').privateKey],
    ['a public key', generateKeyPairSync('ed25519').publicKey],
  ])('is never %s', (_what, key) => {
    expect(() => mintKey(key)).toThrow('must be a private P-256 or Ed25519 key');
  });

  it('has the name of its thumbprint (RFC 7638, RFC 8037 appendix A.3)', async () => {
    const key = newKey('ed25519');
    expect(key.kid).toBe(await calculateJwkThumbprint(key.jwk));
    expect(newKey().jwk).not.toHaveProperty('d');
  });
});

describe('the keys over time', () => {
  it(verifies('tb:mint', 'a new key is published five minutes before it signs'), () => {
    const bench = createMintBench();
    const old = bench.ring.signing();
    const fresh = newKey();
    bench.ring.replace({ keys: [fresh, old] });
    expect(bench.ring.jwks().keys.map(({ kid }) => kid)).toEqual([fresh.kid, old.kid]);
    expect(bench.ring.signing().kid).toBe(old.kid);
    bench.time.now += 299;
    bench.ring.replace({ keys: [fresh, old] });
    expect(bench.ring.signing().kid).toBe(old.kid);
    bench.time.now += 1;
    expect(bench.ring.signing().kid).toBe(fresh.kid);
  });

  it(verifies('tb:mint', 'a key that is gone signs no more, however new the next is'), () => {
    const bench = createMintBench();
    const [one, two] = [newKey(), newKey()];
    bench.ring.replace({ keys: [one] });
    expect(bench.ring.signing().kid).toBe(one.kid);
    bench.time.now += 10;
    bench.ring.replace({ keys: [two, one] });
    expect(bench.ring.signing().kid).toBe(one.kid);
  });

  it(verifies('tb:mint', 'without any key nothing is signed'), async () => {
    const bench = createMintBench();
    bench.ring.replace({ keys: [] });
    await expect(bench.exchange(await bench.subject(), toLedger)).rejects.toMatchObject({
      code: 'server_error',
      reason: 'mint_no_key',
    });
  });
});
