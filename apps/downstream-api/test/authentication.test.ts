import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, audience, issuers, mcp, startApi } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const metadata = 'https://api.example/.well-known/oauth-protected-resource';
const read = 'api:expenses.read';

describe('a request', () => {
  it('without a token gets a challenge without an error (RFC 6750 §3.1)', async () => {
    const { status, headers, body } = await api.call('GET', '/expenses');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe(`Bearer resource_metadata="${metadata}"`);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toMatchObject({ status: 401, code: 'token_required' });
  });

  it.each([
    ['cannot be decoded', '/expenses/%zz', 400, 'invalid_request'],
    ['is longer than any id', `/expenses/${'a'.repeat(200)}`, 404, 'not_found'],
  ])('with a path that %s gets a problem that does not repeat it', async (_case, path, status, code) => {
    const answer = await api.call('GET', path);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status, code });
    expect(JSON.stringify(answer.body)).not.toContain(path);
  });

  it(
    verifies('rs:no-passthrough', 'with the token of the MCP server is refused: it is for another audience'),
    async () => {
      const mcpToken = await api.issuers.acme.mint({
        aud: mcp,
        sub: 'u-alice',
        client_id: 'agent',
        scope: `mcp:tools:execute expenses:read ${read}`,
      });
      const { status, headers, body } = await api.call('GET', '/expenses', mcpToken);
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toContain('error="invalid_token"');
      expect(body).toMatchObject({ code: 'invalid_token' });
      expect(body.expenses).toBeUndefined();
      expect(api.records.at(-1)).toMatchObject({
        type: 'authentication',
        decision: 'refuse',
        reason: 'audience',
      });
    },
  );

  it(
    verifies('rs:no-passthrough', 'with a token for both audiences is refused: no token serves two servers'),
    async () => {
      const both = await api.token('u-alice', read, { aud: [audience, mcp] });
      expect((await api.call('GET', '/expenses', both)).status).toBe(401);
    },
  );

  it.each([
    ['an expired token', { exp: 1, iat: 0 }],
    ['no expiry', { exp: undefined }],
    ['an audience that only begins alike', { aud: 'api://expenses-evil' }],
    ['an issuer that is not configured', { iss: 'https://idp.example/initech' }],
  ])('with %s is refused', async (_case, claims) => {
    const { status, headers } = await api.call('GET', '/expenses', await api.token('u-alice', read, claims));
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it.each([
    ['cnf.jkt', { jkt: 'thumbprint-of-a-key' }],
    ['cnf.x5t#S256', { 'x5t#S256': 'thumbprint-of-a-certificate' }],
  ])(
    verifies('rs:cnf', 'with a token bound by %s, sent as plain Bearer, is refused (C16)'),
    async (_case, cnf) => {
      const { status, body } = await api.call('GET', '/expenses', await api.token('u-alice', read, { cnf }));
      expect({ status, code: body.code }).toEqual({ status: 401, code: 'invalid_token' });
    },
  );

  it('short of the scope gets it in a challenge (C10, RFC 6750 §3.1)', async () => {
    const { status, headers, body } = await api.call(
      'GET',
      '/expenses',
      await api.token('u-alice', 'openid'),
    );
    expect(status).toBe(403);
    expect(headers['www-authenticate']).toBe(
      `Bearer error="insufficient_scope", error_description="The token lacks the scope ${read}.", scope="${read}", resource_metadata="${metadata}"`,
    );
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toMatchObject({ status: 403, code: 'insufficient_scope' });
  });

  it.each([
    ['GET', '/expenses', read, undefined],
    ['GET', '/expenses/exp-1', read, undefined],
    ['POST', '/expenses', 'api:expenses.write', { amount: 1, currency: 'EUR', description: 'x' }],
    ['POST', '/expenses/exp-1/approve', 'api:expenses.approve', { amount: 48.2 }],
    ['DELETE', '/expenses/exp-1', 'api:expenses.admin', undefined],
    ['GET', '/reports/2026-10', read, undefined],
    ['GET', '/totals', 'api:expenses.totals', undefined],
  ] as const)('%s %s needs its own scope %s and no other will do', async (method, url, scope, body) => {
    const all = ['read', 'write', 'approve', 'admin', 'totals'].map((name) => `api:expenses.${name}`);
    const others = all.filter((name) => name !== scope).join(' ');
    const bearer = await api.token('u-alice', others);
    const answer = await api.call(method, url, bearer, body);
    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain(`scope="${scope}"`);
  });
});

describe('issuers', () => {
  it(verifies('rs:multi-issuer', 'do not sign for each other'), async () => {
    const forged = await api.issuers.globex.mint({
      iss: issuers.acme,
      aud: audience,
      sub: 'u-alice',
      client_id: mcp,
      scope: read,
    });
    expect((await api.call('GET', '/expenses', forged)).status).toBe(401);
  });

  it(verifies(['rs:multi-issuer', 'rs:user'], 'give the same key to different people'), async () => {
    const here = await api.call('GET', '/expenses', await api.token('u-gina', read));
    expect({ status: here.status, code: here.body.code }).toEqual({ status: 403, code: 'unknown_person' });
    const there = await api.call('GET', '/expenses', await api.token('u-gina', read, {}, 'globex'));
    expect(there.body.expenses.map(({ owner }) => owner)).toEqual(['gina']);
  });

  it(
    verifies('rs:user', 'of Entra name a user by tid and oid, whatever sub says for this application'),
    async () => {
      const claims = {
        tid: 'tid-1',
        oid: 'oid-alice',
        scp: read,
        scope: undefined,
        azp: mcp,
        uti: 'uti-1',
        ver: '2.0',
      };
      const mint = (sub: string, changes = {}) =>
        api.issuers.entra.mint({
          aud: audience,
          sub,
          client_id: undefined,
          jti: undefined,
          ...claims,
          ...changes,
        });
      const first = await api.call('GET', '/expenses', await mint('pairwise-1'));
      const second = await api.call('GET', '/expenses', await mint('pairwise-2', { uti: 'uti-2' }));
      expect(first.body.expenses.map(({ owner }) => owner)).toEqual(['alice', 'alice']);
      expect(second.body).toEqual(first.body);
      const other = await api.call(
        'GET',
        '/expenses',
        await mint('u-alice', { oid: 'oid-mallory', uti: 'uti-3' }),
      );
      expect(other.body.code).toBe('unknown_person');
    },
  );
});

describe('answers', () => {
  it('say who was seen: user, client, and the chain of actors (RFC 8693 §4.1)', async () => {
    const act = { sub: mcp, act: { sub: 'orchestrator' } };
    const { body, headers } = await api.call('GET', '/expenses', await api.token('u-alice', read, { act }));
    expect(body.seen).toEqual({
      issuer: expect.stringMatching(/^http/),
      tenant: 'acme',
      user: 'alice',
      client: mcp,
      actor: mcp,
      act: [mcp, 'orchestrator'],
      audience: ['api://expenses'],
      scopes: ['api:expenses.read'],
    });
    expect(headers['cache-control']).toBe('no-store');
  });

  it('name the client as the actor where the issuer writes none', async () => {
    const { body } = await api.call('GET', '/expenses', await api.token('u-alice', read, { act: undefined }));
    expect(body.seen).toMatchObject({ client: mcp, actor: mcp, act: [] });
  });

  it(verifies('rs:identity', 'depend on no header, query or body that names a user'), async () => {
    const bearer = await api.token('u-alice', `${read} api:expenses.write`);
    const claimed = {
      'x-user': 'bob',
      'x-forwarded-user': 'bob',
      'x-tenant': 'globex',
      'x-original-url': '/totals',
    };
    const { body } = await api.call('GET', '/expenses', bearer, undefined, claimed);
    expect(body.seen.user).toBe('alice');
    expect(body.expenses.every(({ owner }) => owner === 'alice')).toBe(true);
    expect((await api.call('GET', '/expenses?owner=bob', bearer)).body.code).toBe('invalid_request');
    const asBob = { amount: 5, currency: 'EUR', description: 'x', owner: 'bob' };
    expect((await api.call('POST', '/expenses', bearer, asBob)).body.code).toBe('invalid_request');
  });

  it(verifies('rs:identity', 'take the role from the people of this API, not from a claim'), async () => {
    const bearer = await api.token('u-alice', 'api:expenses.admin', { roles: ['finance'] });
    const { status, body } = await api.call('DELETE', '/expenses/exp-1', bearer);
    expect({ status, code: body.code }).toEqual({ status: 403, code: 'role_required' });
  });
});

describe('what is open', () => {
  it('is health', async () => {
    const { status, body } = await api.call('GET', '/health');
    expect({ status, body }).toEqual({ status: 200, body: { status: 'ok' } });
  });

  it('is the metadata of the resource (RFC 9728)', async () => {
    const { body } = await api.call('GET', '/.well-known/oauth-protected-resource');
    expect(body).toMatchObject({
      resource: 'https://api.example',
      authorization_servers: [issuers.acme, issuers.globex, issuers.entra],
      bearer_methods_supported: ['header'],
    });
  });

  it('is nothing else', async () => {
    const { status, body } = await api.call('GET', '/unknown');
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' });
  });
});

it(verifies('op:redaction', 'writes no token into log or audit'), async () => {
  const bearer = await api.token('u-alice', read);
  await api.call('GET', `/expenses?access_token=${bearer}`, bearer);
  await api.call('GET', '/expenses', bearer);
  await api.call('GET', '/expenses', `${bearer}x`);
  const written = [...api.lines, ...api.records.map((record) => JSON.stringify(record))].join('\n');
  expect(written).not.toBe('');
  for (const part of bearer.split('.')) expect(written).not.toContain(part);
});
