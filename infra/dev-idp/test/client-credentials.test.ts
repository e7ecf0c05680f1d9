import { afterAll, beforeAll, expect, it } from 'vitest';
import { api, claimsOf, mcp, secrets, startTestIdp, type TestIdp } from './idp.ts';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp();
});
afterAll(() => idp.close());

const job = ['nightly-job', secrets.job] as const;
const ask = (params: Record<string, string | string[]>, client: readonly [string, string] = job) =>
  idp.token({ grant_type: 'client_credentials', ...params }, { client });

it('gives a machine a token for itself: sub is the client, no user, no session (RFC 9068 §2.2)', async () => {
  const { body } = await ask({ resource: mcp, scope: 'mcp:tools:execute expenses:totals' });
  expect(claimsOf(body.access_token)).toEqual({
    iss: idp.issuer(),
    aud: mcp,
    sub: 'nightly-job',
    client_id: 'nightly-job',
    scope: 'mcp:tools:execute expenses:totals',
    jti: expect.any(String),
    iat: expect.any(Number),
    exp: expect.any(Number),
  });
  expect(body.refresh_token).toBeUndefined();
});

it('takes the target as audience too', async () => {
  const { body } = await ask({ audience: api, scope: 'api:expenses.totals' }, [mcp, secrets.mcp]);
  expect(claimsOf(body.access_token)).toMatchObject({ aud: api, sub: mcp, client_id: mcp });
});

it.each([
  ['a target it may not have', { resource: api, scope: 'api:expenses.totals' }, 'invalid_target'],
  ['two targets', { resource: mcp, audience: api, scope: 'expenses:totals' }, 'invalid_target'],
  ['a scope it may not have', { resource: mcp, scope: 'expenses:totals expenses:read' }, 'invalid_scope'],
  ['no scope', { resource: mcp }, 'invalid_scope'],
])('refuses %s', async (_case, params, error) => {
  const { status, body } = await ask(params);
  expect({ status, error: body.error }).toEqual({ status: 400, error });
});

it('is closed to clients that are not registered for it', async () => {
  const { body } = await idp.token({
    grant_type: 'client_credentials',
    client_id: 'agent',
    resource: mcp,
    scope: 'expenses:read',
  });
  expect(body.error).toBe('invalid_request');
});
