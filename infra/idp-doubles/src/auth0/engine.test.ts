import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEngineBench, type EngineBench } from '../../test/engine-bench.ts';
import { accessTokenType } from '../token-type.ts';
import { type Auth0Double, type MintAuth0Token, startAuth0Double } from './double.ts';
import { auth0Ids, exampleAuth0Tenant } from './example-tenant.ts';
import type { Auth0Reason } from './refusal.ts';

const key = createSigningKey('RS256', 'mcp-1');
const read = 'api:expenses.read';
let auth0: Auth0Double;
let bench: EngineBench;

beforeAll(async () => {
  const jwks = { keys: [{ kty: 'RSA', ...key.jwk }] };
  auth0 = await startAuth0Double({ tenant: exampleAuth0Tenant({ jwks }) });
});

beforeEach(() => {
  bench = createEngineBench({
    profile: 'auth0',
    issuer: auth0.issuer,
    tokenEndpoint: auth0.tokenEndpoint,
    credential: { kind: 'private_key_jwt', clientId: auth0Ids.mcpServer, key: key.privateKey, kid: key.kid },
    target: {
      name: 'expenses-api',
      audience: auth0Ids.expensesApi,
      kind: 'jwt',
      scopes: [read, 'api:expenses.write'],
      machineScopes: ['api:expenses.totals'],
    },
    subjects: [
      {
        issuer: auth0.issuer,
        audiences: [auth0Ids.mcpApi],
        companions: [`${auth0.issuer}userinfo`],
        jwksUri: auth0.jwksUri,
      },
    ],
  });
});

afterEach(async () => {
  auth0.setBehaviour(undefined);
  await bench.close();
});

afterAll(() => auth0.close());

const alicesToken = (over: Partial<MintAuth0Token> = {}) =>
  auth0.mintUserToken({
    user: auth0Ids.alice,
    api: auth0Ids.mcpApi,
    client: auth0Ids.desktopClient,
    scopes: ['mcp:tools:execute', 'expenses:read'],
    ...over,
  });

describe('the exchange engine against the Auth0 double', () => {
  it(
    verifies('tb:revocation', 'sends nothing to revoke what it obtained: its endpoint takes refresh tokens'),
    async () => {
      await bench.exchange(await alicesToken(), [read]);
      const before = auth0.requests.length;
      expect(await bench.revoke()).toBe(0);
      expect(auth0.requests).toHaveLength(before);
    },
  );

  it(verifies('tb:upstream-8693', 'exchanges for the same user and reads the chain of actors'), async () => {
    const token = await bench.exchange(await alicesToken(), [read]);
    expect(decodeJwt(token.accessToken)).toMatchObject({ sub: auth0Ids.alice, aud: auth0Ids.expensesApi });
    expect(token.scopes).toEqual([read]);
    expect(token.grantedAct).toEqual({ sub: auth0Ids.mcpServer, act: { sub: auth0Ids.desktopClient } });
  });

  it(verifies('tb:upstream-8693', 'sends every parameter that the reference requires'), async () => {
    await bench.exchange(await alicesToken(), [read]);
    const request = auth0.requests.at(-1);
    expect(request?.get('requested_token_type')).toBe(accessTokenType);
    expect(request?.get('audience')).toBe(auth0Ids.expensesApi);
    expect(decodeJwt(request?.get('client_assertion') ?? '').aud).toBe(auth0.issuer);
  });

  it('exchanges a token that opens /userinfo too, once that is a configured companion', async () => {
    const subject = await alicesToken({ scopes: ['openid', 'mcp:tools:execute', 'expenses:read'] });
    expect(decodeJwt(subject).aud).toEqual([auth0Ids.mcpApi, `${auth0.issuer}userinfo`]);
    expect((await bench.exchange(subject, [read])).scopes).toEqual([read]);
  });

  it(verifies('tb:narrow-only', 'reports fewer scopes when the roles of the user give fewer'), async () => {
    const subject = await alicesToken({ user: auth0Ids.bob });
    const token = await bench.exchange(subject, [read, 'api:expenses.write']);
    expect(token.scopes).toEqual([read]);
  });

  it(verifies('tb:m2m', 'obtains a machine token by audience'), async () => {
    const token = await bench.engine.machine({
      client: 'mcp-server',
      target: 'expenses-api',
      scopes: ['api:expenses.totals'],
    });
    expect(decodeJwt(token.accessToken).sub).toBe(`${auth0Ids.mcpServer}@clients`);
  });

  it.each<[Auth0Reason, string, string, number]>([
    ['wrong_subject', 'invalid_token', 'subject_refused', 401],
    ['wrong_assertion', 'server_error', 'upstream_credential', 500],
    ['exchange_not_allowed', 'server_error', 'upstream_credential', 500],
    ['unsupported_grant', 'server_error', 'upstream_configuration', 500],
    ['unknown_audience', 'access_denied', 'upstream_denied', 403],
    ['no_client_grant', 'access_denied', 'upstream_denied', 403],
    ['no_permission', 'access_denied', 'upstream_denied', 403],
    ['too_many_attempts', 'temporarily_unavailable', 'upstream_throttled', 503],
    ['too_many_requests', 'temporarily_unavailable', 'upstream_throttled', 503],
  ])(verifies('tb:error-map', 'makes of %s %s (%s)'), async (refuse, code, reason, status) => {
    const subject = await alicesToken();
    auth0.setBehaviour({ refuse });
    await expect(bench.exchange(subject, [read])).rejects.toMatchObject({ code, reason, status });
  });
});
