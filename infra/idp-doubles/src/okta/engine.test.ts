import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEngineBench, type EngineBench } from '../../test/engine-bench.ts';
import { type OktaDouble, startOktaDouble } from './double.ts';
import { exampleOrganization, oktaIds } from './example-organization.ts';
import type { OktaBehaviour } from './routes.ts';

const mcpAudience = 'https://mcp.example/mcp';
const key = createSigningKey('RS256', 'mcp-1');
const read = 'api:expenses.read';
let okta: OktaDouble;
let bench: EngineBench;

beforeAll(async () => {
  const jwks = { keys: [{ kty: 'RSA', ...key.jwk }] };
  okta = await startOktaDouble({ organization: exampleOrganization({ mcpAudience, jwks }) });
});

beforeEach(() => {
  const issuer = okta.issuerOf(oktaIds.mcpAuthorizationServer);
  bench = createEngineBench({
    profile: 'okta',
    issuer,
    answerIssuers: [okta.issuerOf(oktaIds.apiAuthorizationServer)],
    tokenEndpoint: okta.tokenEndpoint(oktaIds.apiAuthorizationServer),
    credential: { kind: 'private_key_jwt', clientId: oktaIds.mcpServer, key: key.privateKey, kid: key.kid },
    target: {
      name: 'expenses-api',
      audience: 'api://expenses',
      kind: 'jwt',
      scopes: [read, 'api:expenses.write', 'api:expenses.admin'],
      machineScopes: ['api:expenses.totals'],
    },
    subjects: [{ issuer, audiences: [mcpAudience], jwksUri: okta.jwksUri(oktaIds.mcpAuthorizationServer) }],
  });
});

afterEach(async () => {
  okta.setBehaviour(undefined);
  await bench.close();
});

afterAll(() => okta.close());

const alicesToken = () =>
  okta.mintUserToken({
    user: oktaIds.alice,
    server: oktaIds.mcpAuthorizationServer,
    client: oktaIds.desktopClient,
    scopes: ['mcp:tools:execute', 'expenses:read'],
  });

describe('the exchange engine against the Okta double', () => {
  it(
    verifies(
      'tb:revocation',
      'revokes what it obtained at the server that issued it, as whom it obtained it (RFC 7009)',
    ),
    async () => {
      const token = await bench.exchange(await alicesToken(), [read]);
      expect(await bench.revoke()).toBe(1);
      expect([...okta.revoked]).toEqual([decodeJwt(token.accessToken).jti]);
      const sent = okta.requests.at(-1);
      expect(sent?.path).toBe(`/oauth2/${oktaIds.apiAuthorizationServer}/v1/revoke`);
      expect([sent?.get('token'), sent?.get('token_type_hint')]).toEqual([token.accessToken, 'access_token']);
    },
  );

  it(
    verifies(
      'tb:upstream-8693',
      'exchanges at the server of the API for the same uid, keys found by discovery',
    ),
    async () => {
      const token = await bench.exchange(await alicesToken(), [read]);
      expect(token.scopes).toEqual([read]);
      expect(decodeJwt(token.accessToken)).toMatchObject({
        iss: okta.issuerOf(oktaIds.apiAuthorizationServer),
        aud: 'api://expenses',
        uid: oktaIds.alice,
        cid: oktaIds.mcpServer,
        scp: [read],
      });
    },
  );

  it(
    verifies('tb:upstream-8693', 'sends what the guide lists, and an assertion for the token endpoint'),
    async () => {
      await bench.exchange(await alicesToken(), [read]);
      const request = okta.requests.at(-1);
      expect(request?.get('audience')).toBe('api://expenses');
      expect(request?.get('scope')).toBe(read);
      expect(decodeJwt(request?.get('client_assertion') ?? '')).toMatchObject({
        iss: oktaIds.mcpServer,
        sub: oktaIds.mcpServer,
        aud: okta.tokenEndpoint(oktaIds.apiAuthorizationServer),
      });
    },
  );

  it(verifies('tb:m2m', 'obtains a machine token, whose subject is the client'), async () => {
    const token = await bench.engine.machine({
      client: 'mcp-server',
      target: 'expenses-api',
      scopes: ['api:expenses.totals'],
    });
    expect(decodeJwt(token.accessToken)).toMatchObject({ sub: oktaIds.mcpServer, aud: 'api://expenses' });
  });

  it(verifies('tb:error-map', 'says access_denied when no access policy allows the scope'), async () => {
    await expect(bench.exchange(await alicesToken(), ['api:expenses.admin'])).rejects.toMatchObject({
      code: 'access_denied',
    });
  });

  it.each<[OktaBehaviour, string, string, number]>([
    [{ refuse: 'invalid_grant' }, 'invalid_token', 'subject_refused', 401],
    [{ refuse: 'invalid_request' }, 'invalid_token', 'subject_refused', 401],
    [{ refuse: 'invalid_client' }, 'server_error', 'upstream_credential', 500],
    [{ refuse: 'unauthorized_client' }, 'server_error', 'upstream_credential', 500],
    [{ refuse: 'unsupported_grant_type' }, 'server_error', 'upstream_configuration', 500],
    [{ refuse: 'invalid_target' }, 'server_error', 'upstream_target', 500],
    [{ refuse: 'invalid_scope' }, 'invalid_scope', 'upstream_scope', 400],
    [{ refuse: 'access_denied' }, 'access_denied', 'upstream_denied', 403],
    [{ fault: 'E0000047' }, 'temporarily_unavailable', 'upstream_throttled', 503],
    [{ fault: 'E0000009' }, 'temporarily_unavailable', 'upstream_fault', 503],
    [{ fault: 'E0000007' }, 'server_error', 'upstream_configuration', 500],
  ])(verifies('tb:error-map', 'makes of %o %s (%s)'), async (behaviour, code, reason, status) => {
    const subject = await alicesToken();
    okta.setBehaviour(behaviour);
    await expect(bench.exchange(subject, [read])).rejects.toMatchObject({ code, reason, status });
  });
});
