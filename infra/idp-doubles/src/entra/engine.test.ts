import { createPrivateKey, hash, X509Certificate } from 'node:crypto';
import type { UpstreamCredential } from '@mcp-obo/exchange';
import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt, SignJWT } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEngineBench, type EngineBench } from '../../test/engine-bench.ts';
import type { AadstsCode } from './aadsts.ts';
import { type EntraDouble, startEntraDouble } from './double.ts';
import { entraIds, exampleEntraDirectory } from './example-directory.ts';

const mfa = '{"access_token":{"capolids":{"essential":true,"values":["policy"]}}}';
const read = 'api:expenses.read';
const write = 'api:expenses.write';
const certificate = await generate([{ name: 'commonName', value: 'mcp-server' }], { algorithm: 'sha256' });
let entra: EntraDouble;
let bench: EngineBench;

/** A Kubernetes cluster, as Entra trusts it. */
const clusterKey = createSigningKey('RS256', 'cluster-1');
const cluster = {
  issuer: 'https://cluster.example',
  subject: 'system:serviceaccount:mcp:server',
  audience: 'api://AzureADTokenExchange',
  jwks: { keys: [{ kty: 'RSA', ...clusterKey.jwk }] },
};

beforeAll(async () => {
  const certificates = [certificate.cert];
  const directory = exampleEntraDirectory({ federatedCredentials: [cluster], certificates });
  entra = await startEntraDouble({ directory, http: true });
});

beforeEach(() => {
  bench = engine();
});

afterEach(async () => {
  entra.setBehaviour(undefined);
  await bench.close();
});

afterAll(() => entra.close());

interface EngineOptions {
  readonly ceiling?: readonly string[];
  readonly legacy?: boolean;
  readonly credential?: UpstreamCredential;
}

function engine(over: EngineOptions = {}): EngineBench {
  const issuers = { v1: entra.issuerOf(entraIds.tenant, 1), v2: entra.issuerOf(entraIds.tenant, 2) };
  const jwksUri = entra.jwksUri(entraIds.tenant);
  const audiences = [entraIds.mcpServer, 'api://mcp-server'];
  const expenses = {
    name: 'expenses-api',
    audience: 'api://expenses',
    answerAudience: entraIds.expensesApi,
    scopes: [read, write, 'api:expenses.admin'],
    machineScopes: ['api:expenses.totals'],
  };
  const legacy = { name: 'legacy-api', audience: 'api://legacy', scopes: ['user_impersonation'] };
  return createEngineBench({
    profile: 'entra',
    issuer: issuers.v2,
    answerIssuers: [issuers.v1],
    tokenEndpoint: entra.tokenEndpoint(entraIds.tenant),
    jwksUri,
    credential: over.credential ?? {
      kind: 'client_secret_post',
      clientId: entraIds.mcpServer,
      clientSecret: 'example-secret',
    },
    target: { ...(over.legacy === true ? legacy : expenses), kind: 'jwt' },
    ...(over.ceiling === undefined ? {} : { ceiling: over.ceiling }),
    subjects: [
      { issuer: issuers.v2, audiences, jwksUri },
      { issuer: issuers.v1, audiences, jwksUri },
    ],
  });
}

const alicesToken = (over: { version?: 1 | 2 } = {}) =>
  entra.mintUserToken({
    user: entraIds.alice,
    app: entraIds.mcpServer,
    client: entraIds.desktopClient,
    ...over,
  });

describe('the exchange engine against the Entra double', () => {
  it(
    verifies('tb:revocation', 'sends nothing to revoke what it obtained: Entra has no such endpoint'),
    async () => {
      await bench.exchange(await alicesToken(), [read]);
      const before = entra.requests.length;
      expect(await bench.revoke()).toBe(0);
      expect(entra.requests).toHaveLength(before);
    },
  );

  it(
    verifies('tb:upstream-entra', 'obtains a v2.0 token for the same user, though sub differs'),
    async () => {
      const subject = await alicesToken();
      const token = await bench.exchange(subject, [read]);
      const claims = decodeJwt(token.accessToken);
      expect(claims).toMatchObject({ ver: '2.0', aud: entraIds.expensesApi, oid: entraIds.alice });
      expect(claims.sub).not.toBe(decodeJwt(subject).sub);
    },
  );

  it(verifies('tb:upstream-entra', 'obtains a v1.0 token for an API that asks for v1.0'), async () => {
    const legacy = engine({ legacy: true });
    const token = await legacy.exchange(await alicesToken(), ['user_impersonation']);
    await legacy.close();
    expect(decodeJwt(token.accessToken)).toMatchObject({ ver: '1.0', aud: 'api://legacy' });
  });

  it(verifies('tb:upstream-entra', 'exchanges a v1.0 subject token'), async () => {
    const token = await bench.exchange(await alicesToken({ version: 1 }), [read]);
    expect(decodeJwt(token.accessToken)).toMatchObject({ aud: entraIds.expensesApi });
  });

  it(verifies('tb:upstream-entra', 'reports every consented scope that came back for one'), async () => {
    expect((await bench.exchange(await alicesToken(), [read])).scopes).toEqual([read, write]);
  });

  it(
    verifies('tb:narrow-only', 'refuses the answer when a consented scope is above the policy'),
    async () => {
      const narrow = engine({ ceiling: [read] });
      const refusal = narrow.exchange(await alicesToken(), [read]);
      await expect(refusal).rejects.toMatchObject({ code: 'bad_gateway', reason: 'answer_scope' });
      await narrow.close();
    },
  );

  it(verifies('tb:m2m', 'obtains an app-only token by /.default'), async () => {
    const token = await bench.engine.machine({
      client: 'mcp-server',
      target: 'expenses-api',
      scopes: ['api:expenses.totals'],
    });
    expect(entra.requests.at(-1)?.get('scope')).toBe('api://expenses/.default');
    expect(decodeJwt(token.accessToken)).toMatchObject({ idtyp: 'app', roles: ['api:expenses.totals'] });
  });

  it(verifies('tb:upstream-entra', 'authenticates by the token of a workload identity'), async () => {
    const assertion = () =>
      new SignJWT({ iss: cluster.issuer, sub: cluster.subject, aud: cluster.audience })
        .setProtectedHeader({ alg: 'RS256', kid: clusterKey.kid })
        .setExpirationTime('5 minutes')
        .sign(clusterKey.privateKey);
    const federated = engine({ credential: { kind: 'federated', clientId: entraIds.mcpServer, assertion } });
    const token = await federated.exchange(await alicesToken(), [read]);
    await federated.close();
    expect(decodeJwt(token.accessToken)).toMatchObject({ azp: entraIds.mcpServer, azpacr: '2' });
  });

  it(
    verifies(
      'tb:upstream-entra',
      'sends one signed assertion for many exchanges within its life, as MSAL does',
    ),
    async () => {
      const key = createPrivateKey(certificate.private);
      const x5tS256 = hash('sha256', new X509Certificate(certificate.cert).raw, 'base64url');
      const clientId = entraIds.mcpServer;
      const signing = engine({ credential: { kind: 'private_key_jwt', clientId, key, x5tS256 } });
      const sent: (string | undefined)[] = [];
      for (const user of [entraIds.alice, entraIds.bob, entraIds.alice]) {
        const subject = await entra.mintUserToken({ user, app: entraIds.mcpServer });
        expect((await signing.exchange(subject, [read])).source).toBe('exchange');
        sent.push(entra.requests.at(-1)?.get('client_assertion'));
      }
      await signing.close();
      expect(decodeJwt(sent[0] ?? '')).toMatchObject({
        iss: clientId,
        aud: entra.tokenEndpoint(entraIds.tenant),
      });
      expect(new Set(sent).size).toBe(1);
    },
  );

  it('takes an answer that is no JSON for the fault of Entra', async () => {
    const subject = await alicesToken();
    const headers = { 'content-type': 'text/html' };
    entra.setBehaviour({ answer: { status: 200, headers, body: '<html></html>' } });
    await expect(bench.exchange(subject, [read])).rejects.toMatchObject({ code: 'bad_gateway' });
  });

  it('drops the refresh and ID tokens that Entra adds', async () => {
    const token = await bench.exchange(await alicesToken(), [read]);
    expect(Object.keys(token).sort()).toEqual([
      'accessToken',
      'expiresAt',
      'issuedTokenType',
      'scopes',
      'source',
      'tokenType',
    ]);
  });

  it(verifies('tb:upstream-entra', 'passes a claims challenge of the caller on'), async () => {
    await bench.exchange(await alicesToken(), [read], { claims: mfa });
    expect(entra.requests.at(-1)?.get('claims')).toBe(mfa);
  });

  it('asks once for the same, so that Entra sees no loop (AADSTS50196)', async () => {
    const subject = await alicesToken();
    const before = entra.requests.length;
    await Promise.all([1, 2, 3].map(() => bench.exchange(subject, [read])));
    await bench.exchange(subject, [read]);
    expect(entra.requests.length - before).toBe(1);
  });
});

describe('what the engine says to each AADSTS code', () => {
  it.each<[AadstsCode, string, string, number]>([
    [50013, 'invalid_token', 'subject_refused', 401],
    [500133, 'invalid_token', 'subject_refused', 401],
    [50173, 'invalid_token', 'subject_refused', 401],
    [50132, 'invalid_token', 'subject_refused', 401],
    [50057, 'invalid_token', 'subject_refused', 401],
    [65001, 'consent_required', 'consent_required', 400],
    [500131, 'server_error', 'upstream_configuration', 500],
    [700016, 'server_error', 'upstream_credential', 500],
    [700024, 'server_error', 'upstream_credential', 500],
    [700027, 'server_error', 'upstream_credential', 500],
    [700213, 'server_error', 'upstream_credential', 500],
    [7000215, 'server_error', 'upstream_credential', 500],
    [7000218, 'server_error', 'upstream_credential', 500],
    [7000222, 'server_error', 'upstream_credential', 500],
    [50012, 'server_error', 'upstream_credential', 500],
    [9010010, 'server_error', 'upstream_target', 500],
    [500011, 'server_error', 'upstream_target', 500],
    [70011, 'server_error', 'upstream_target', 500],
    [900144, 'server_error', 'upstream_configuration', 500],
    [90002, 'server_error', 'upstream_configuration', 500],
    [70003, 'server_error', 'upstream_configuration', 500],
    [7000114, 'access_denied', 'upstream_denied', 403],
    [50196, 'temporarily_unavailable', 'upstream_loop', 503],
  ])(verifies('tb:error-map', 'AADSTS%i becomes %s (%s)'), async (code, error, reason, status) => {
    entra.setBehaviour({ refuse: code });
    const refusal = bench.exchange(await alicesToken(), [read]);
    await expect(refusal).rejects.toMatchObject({ code: error, reason, status });
  });

  it.each<[AadstsCode]>([[50076], [50079], [53003]])(
    verifies('tb:error-map', 'AADSTS%i with a challenge keeps the claims, and without one asks the user'),
    async (code) => {
      entra.setBehaviour({ refuse: code, claims: mfa });
      await expect(bench.exchange(await alicesToken(), [read])).rejects.toMatchObject({
        code: 'insufficient_claims',
        params: { claims: mfa },
      });
      entra.setBehaviour({ refuse: code });
      await expect(bench.exchange(await alicesToken(), [read])).rejects.toMatchObject({
        code: 'interaction_required',
      });
    },
  );

  it(verifies('tb:error-map', 'keeps the suberror of a missing consent'), async () => {
    const refusal = bench.exchange(await alicesToken(), ['api:expenses.admin']);
    await expect(refusal).rejects.toMatchObject({
      code: 'consent_required',
      params: { suberror: 'consent_required' },
    });
  });

  it(verifies('tb:error-map', 'keeps the time that a throttled client must wait'), async () => {
    entra.setBehaviour({ refuse: 90055, retryAfter: 77 });
    const refusal = bench.exchange(await alicesToken(), [read]);
    await expect(refusal).rejects.toMatchObject({ code: 'temporarily_unavailable', retryAfter: 77 });
  });

  it(verifies('tb:error-map', 'lets no text of Entra into the message'), async () => {
    entra.setBehaviour({ refuse: 50013 });
    const error: unknown = await bench.exchange(await alicesToken(), [read]).catch((cause: unknown) => cause);
    expect(String(error)).not.toMatch(/AADSTS|Trace ID/);
  });
});
