import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ConfidentialClientApplication, InteractionRequiredAuthError } from '@azure/msal-node';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { importPKCS8, SignJWT } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { claimsOf, refusal } from './fake-idp.ts';
import { createFixture, type Fixture } from './fixture.ts';
import { brokerSettings } from './settings.ts';

const scopes = ['api://expenses/api:expenses.read'];
const trusted = getCACertificates('default');
const server = await generate([{ name: 'commonName', value: 'broker' }], {
  algorithm: 'sha256',
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
});
setDefaultCACertificates([...trusted, server.cert]);
const certificate = await generate([{ name: 'commonName', value: 'mcp-server' }], { algorithm: 'sha256' });
const jwks = { keys: [createPublicKey(certificate.public).export({ format: 'jwk' })] };

const running: Fixture[] = [];
afterEach(async () => {
  for (const { app } of running.splice(0)) await app.close();
});
afterAll(() => setDefaultCACertificates(trusted));

type Credential = ConstructorParameters<typeof ConfidentialClientApplication>[0]['auth'];

/** The broker on https, and an MSAL application that is told what MSAL's users tell it. */
async function connect(credential: Partial<Credential>, auth?: Readonly<Record<string, unknown>>) {
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const { clients } = await brokerSettings('https://idp.example/acme', 'https://idp.example/globex');
  const [first, ...others] = clients as readonly Record<string, unknown>[];
  const config = {
    issuer: url,
    listen: { port, tls: { key: { value: server.private }, cert: { value: server.cert } } },
    clients: [{ ...first, ...(auth && { auth }) }, ...others],
  };
  const fixture = await createFixture({ time: { now: Math.floor(Date.now() / 1000) }, config });
  await fixture.app.listen({ port, host: '127.0.0.1' });
  running.push(fixture);
  const msal = (tenant = 'acme') =>
    new ConfidentialClientApplication({
      auth: {
        clientId: 'mcp-server',
        authority: `${url}/${tenant}/`,
        knownAuthorities: [new URL(url).host],
        ...credential,
      },
    });
  return { ...fixture, url, msal };
}

const withSecret = () => connect({ clientSecret: 'secret of mcp-server' });
const thumbprintSha256 = createHash('sha256').update(new X509Certificate(certificate.cert).raw).digest('hex');
const clientCertificate = { thumbprintSha256, privateKey: certificate.private };

/** What an application passes to MSAL to sign each request anew. */
async function signedAssertion({ tokenEndpoint = '' }: { readonly tokenEndpoint?: string }): Promise<string> {
  return new SignJWT({ iss: 'mcp-server', sub: 'mcp-server', aud: tokenEndpoint, jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'PS256' })
    .setExpirationTime('1 min')
    .sign(await importPKCS8(certificate.private, 'PS256'));
}

describe('the real MSAL, pointed at the broker', () => {
  it(verifies('tb:jwt-bearer', 'obtains a token on behalf of the user with a secret'), async () => {
    const { msal, subject, acme } = await withSecret();
    const app = msal();
    const oboAssertion = await subject();
    const result = await app.acquireTokenOnBehalfOf({ oboAssertion, scopes });
    expect(claimsOf(result?.accessToken ?? '')).toMatchObject({ sub: 'user-alice', aud: 'api://expenses' });
    expect(result).toMatchObject({ scopes, tokenType: 'Bearer', fromCache: false });
    expect(result?.expiresOn?.getTime()).toBeGreaterThan(Date.now() + 200_000);
    expect(JSON.parse(app.getTokenCache().serialize())).toMatchObject({ RefreshToken: {}, IdToken: {} });
    const again = await msal().acquireTokenOnBehalfOf({ oboAssertion, scopes });
    expect(again?.accessToken).toBe(result?.accessToken);
    expect(acme.requests).toHaveLength(1);
  });

  it(verifies('tb:jwt-bearer', 'finds each tenant under its own authority'), async () => {
    const { msal, subject, globex } = await withSecret();
    const oboAssertion = await subject({}, globex);
    const result = await msal('globex').acquireTokenOnBehalfOf({ oboAssertion, scopes });
    expect(claimsOf(result?.accessToken ?? '').iss).toBe(globex.issuer);
    const refused = await msal('acme')
      .acquireTokenOnBehalfOf({ oboAssertion, scopes })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ errorCode: 'invalid_grant' });
  });

  it(verifies('tb:jwt-bearer', 'with a certificate sends one assertion for many users'), async () => {
    const reusing = { method: 'private_key_jwt', jwks, max_lifetime: 600, allow_reuse: true };
    const { msal, subject } = await connect({ clientCertificate }, reusing);
    const app = msal();
    for (const sub of ['user-alice', 'user-bob']) {
      const result = await app.acquireTokenOnBehalfOf({ oboAssertion: await subject({ sub }), scopes });
      expect(claimsOf(result?.accessToken ?? '').sub).toBe(sub);
    }
  });

  it(
    verifies('tb:client-auth', 'X14: with a certificate needs leave to send an assertion again'),
    async () => {
      const once = { method: 'private_key_jwt', jwks, max_lifetime: 600 };
      const { msal, subject } = await connect({ clientCertificate }, once);
      const app = msal();
      const ask = async (sub: string) =>
        app.acquireTokenOnBehalfOf({ oboAssertion: await subject({ sub }), scopes });
      expect((await ask('user-alice'))?.accessToken).toBeTruthy();
      await expect(ask('user-bob')).rejects.toMatchObject({ errorCode: 'invalid_client' });
    },
  );

  it(verifies('tb:client-auth', 'may sign a fresh assertion for each request'), async () => {
    const { msal, subject } = await connect(
      { clientAssertion: signedAssertion },
      { method: 'private_key_jwt', jwks },
    );
    const app = msal();
    for (const sub of ['user-alice', 'user-bob']) {
      const result = await app.acquireTokenOnBehalfOf({ oboAssertion: await subject({ sub }), scopes });
      expect(claimsOf(result?.accessToken ?? '').sub).toBe(sub);
    }
  });

  it(verifies('tb:jwt-bearer', 'understands what the issuer asks of the user'), async () => {
    const { msal, subject, acme } = await withSecret();
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    const told = { consent_required: 'invalid_grant', interaction_required: 'interaction_required' };
    for (const [error, errorCode] of Object.entries(told)) {
      acme.answerWith(() => refusal(400, error, { claims }));
      const refused: unknown = await msal()
        .acquireTokenOnBehalfOf({ oboAssertion: await subject(), scopes })
        .catch((thrown: unknown) => thrown);
      expect(refused).toBeInstanceOf(InteractionRequiredAuthError);
      expect(refused).toMatchObject({ errorCode, claims });
    }
  });

  it(verifies('tb:m2m', 'obtains a token without a user'), async () => {
    const { msal } = await withSecret();
    const result = await msal().acquireTokenByClientCredential({ scopes: ['api://expenses/.default'] });
    expect(claimsOf(result?.accessToken ?? '')).toMatchObject({ scope: 'api:expenses.totals' });
  });
});
