import { createHash, X509Certificate } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ConfidentialClientApplication, InteractionRequiredAuthError } from '@azure/msal-node';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntraDirectory } from './directory.ts';
import { type EntraDouble, startEntraDouble } from './double.ts';
import { entraIds, exampleEntraDirectory } from './example-directory.ts';

const trusted = getCACertificates('default');
const read = 'api://expenses/api:expenses.read';
let certificate: { cert: string; private: string };
let entra: EntraDouble;

beforeAll(async () => {
  certificate = await generate([{ name: 'commonName', value: 'mcp-server' }], { algorithm: 'sha256' });
  await start(exampleEntraDirectory({ certificates: [certificate.cert] }));
});

afterAll(async () => {
  setDefaultCACertificates(trusted);
  await entra.close();
});

async function start(directory: EntraDirectory): Promise<void> {
  entra = await startEntraDouble({ directory });
  setDefaultCACertificates([...trusted, entra.ca ?? '']);
}

function msal(
  credential: { clientSecret: string } | { clientCertificate: object },
  capabilities: string[] = [],
) {
  return new ConfidentialClientApplication({
    auth: {
      clientId: entraIds.mcpServer,
      authority: `${entra.url}/${entraIds.tenant}`,
      knownAuthorities: [new URL(entra.url).host],
      clientCapabilities: capabilities,
      ...(credential as { clientSecret: string }),
    },
  });
}

const withSecret = () => msal({ clientSecret: 'example-secret' });

function withCertificate() {
  const thumbprintSha256 = createHash('sha256')
    .update(new X509Certificate(certificate.cert).raw)
    .digest('hex');
  return msal({ clientCertificate: { thumbprintSha256, privateKey: certificate.private } });
}

const alicesToken = (claims?: string) =>
  entra.mintUserToken({
    user: entraIds.alice,
    app: entraIds.mcpServer,
    client: entraIds.desktopClient,
    ...(claims === undefined ? {} : { claims }),
  });

describe('the real MSAL against the double', () => {
  it(verifies('tb:upstream-entra', 'obtains an on-behalf-of token with a secret'), async () => {
    const result = await withSecret().acquireTokenOnBehalfOf({
      oboAssertion: await alicesToken(),
      scopes: [read],
    });
    expect(decodeJwt(result?.accessToken ?? '')).toMatchObject({
      aud: entraIds.expensesApi,
      iss: `${entra.url}/${entraIds.tenant}/v2.0`,
      azp: entraIds.mcpServer,
      azpacr: '1',
      oid: entraIds.alice,
      tid: entraIds.tenant,
      ver: '2.0',
    });
    expect(result?.account?.homeAccountId).toBe(`${entraIds.alice}.${entraIds.tenant}`);
    expect(result?.expiresOn?.getTime()).toBeGreaterThan(Date.now() + 4_400_000);
  });

  it(
    verifies('tb:upstream-entra', 'obtains one with a certificate, signed PS256 over x5t#S256'),
    async () => {
      const result = await withCertificate().acquireTokenOnBehalfOf({
        oboAssertion: await alicesToken(),
        scopes: [read],
      });
      expect(decodeJwt(result?.accessToken ?? '')).toMatchObject({ azpacr: '2' });
      const assertion = entra.requests.at(-1)?.get('client_assertion') ?? '';
      expect(decodeProtectedHeader(assertion)).toMatchObject({ alg: 'PS256' });
      expect(Object.keys(decodeProtectedHeader(assertion))).toContain('x5t#S256');
    },
  );

  it('obtains a v1.0 token for an API that asks for v1.0', async () => {
    const result = await withSecret().acquireTokenOnBehalfOf({
      oboAssertion: await alicesToken(),
      scopes: ['api://legacy/user_impersonation'],
    });
    expect(decodeJwt(result?.accessToken ?? '')).toMatchObject({
      aud: 'api://legacy',
      iss: `${entra.url}/${entraIds.tenant}/`,
      appid: entraIds.mcpServer,
      ver: '1.0',
    });
  });

  it('is given all consented scopes when it asked for one', async () => {
    const result = await withSecret().acquireTokenOnBehalfOf({
      oboAssertion: await alicesToken(),
      scopes: [read],
    });
    expect(result?.scopes).toEqual([read, 'api://expenses/api:expenses.write']);
  });

  it('is told that consent is missing, and succeeds once it was given', async () => {
    const scopes = ['api://expenses/api:expenses.admin'];
    const oboAssertion = await alicesToken();
    const refused = await withSecret()
      .acquireTokenOnBehalfOf({ oboAssertion, scopes })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(InteractionRequiredAuthError);
    expect(refused).toMatchObject({ errorCode: 'invalid_grant', subError: 'consent_required' });
    entra.grantConsent(entraIds.tenant, {
      client: entraIds.mcpServer,
      resource: entraIds.expensesApi,
      scopes: ['api:expenses.admin'],
      user: entraIds.alice,
    });
    const granted = await withSecret().acquireTokenOnBehalfOf({ oboAssertion, scopes });
    expect(granted?.scopes).toContain('api://expenses/api:expenses.admin');
  });

  it('obtains an app-only token with the assigned roles', async () => {
    const result = await withSecret().acquireTokenByClientCredential({ scopes: ['api://expenses/.default'] });
    const claims = decodeJwt(result?.accessToken ?? '');
    expect(claims).toMatchObject({ idtyp: 'app', roles: ['api:expenses.totals'], sub: claims.oid });
    expect(claims).not.toHaveProperty('scp');
  });

  it('declares its capability, which the API finds in xms_cc', async () => {
    const result = await msal({ clientSecret: 'example-secret' }, ['cp1']).acquireTokenOnBehalfOf({
      oboAssertion: await alicesToken(),
      scopes: [read],
    });
    expect(decodeJwt(result?.accessToken ?? '')).toMatchObject({ xms_cc: ['cp1'] });
  });

  it('reads the instance discovery document', async () => {
    const document = await (await fetch(`${entra.url}/common/discovery/instance`)).text();
    const app = new ConfidentialClientApplication({
      auth: {
        clientId: entraIds.mcpServer,
        authority: `${entra.url}/${entraIds.tenant}`,
        clientSecret: 'example-secret',
        cloudDiscoveryMetadata: document,
      },
    });
    const result = await app.acquireTokenOnBehalfOf({ oboAssertion: await alicesToken(), scopes: [read] });
    expect(result?.accessToken).toBeTruthy();
  });

  it('carries a claims challenge to a new sign-in that satisfies it', async () => {
    const [tenant] = exampleEntraDirectory().tenants;
    if (tenant === undefined) throw new Error('no tenant');
    const policy = { id: 'c0ffee00-1111-4222-8333-444455556612', resource: entraIds.expensesApi } as const;
    await entra.close();
    await start({ tenants: [{ ...tenant, policies: [{ ...policy, control: 'mfa' }] }] });
    const refused: unknown = await withSecret()
      .acquireTokenOnBehalfOf({ oboAssertion: await alicesToken(), scopes: [read] })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(InteractionRequiredAuthError);
    const { claims } = refused as InteractionRequiredAuthError;
    expect(JSON.parse(claims)).toEqual({
      access_token: { capolids: { essential: true, values: [policy.id] } },
    });
    const result = await withSecret().acquireTokenOnBehalfOf({
      oboAssertion: await alicesToken(claims),
      scopes: [read],
    });
    expect(result?.accessToken).toBeTruthy();
  });
});
