import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ConfidentialClientApplication, InteractionRequiredAuthError } from '@azure/msal-node';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { exportJWK } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate } from './certificate.ts';
import { claimsOf, refusal } from './fake-idp.ts';
import { createFixture, type Fixture } from './fixture.ts';
import { brokerSettings, mcp } from './settings.ts';

const read = 'api://expenses/api:expenses.read';
const trusted = getCACertificates('default');
let fixture: Fixture;
let origin: string;
let certificate: { cert: string; private: string };

beforeAll(async () => {
  const [tls, port] = [await createCertificate(), await freePort()];
  certificate = await generate([{ name: 'commonName', value: 'msal-certificate' }], { algorithm: 'sha256' });
  setDefaultCACertificates([...trusted, tls.cert]);
  origin = `https://127.0.0.1:${port}`;
  fixture = await createFixture({
    time: { now: Math.floor(Date.now() / 1000) },
    config: {
      issuer: origin,
      listen: { port, tls: { key: { value: tls.key }, cert: { value: tls.cert } } },
      clients: [...(await brokerClients()), await certificateClient()],
      policy: {
        version: '1',
        rules: [
          {
            clients: ['mcp-server', 'msal-certificate'],
            target: 'expenses-api',
            tenants: ['acme'],
            scopes: ['api:expenses.read'],
          },
        ],
      },
    },
  });
  await fixture.app.listen({ host: '127.0.0.1', port });
});

afterAll(async () => {
  setDefaultCACertificates(trusted);
  await fixture.app.close();
});

async function brokerClients(): Promise<readonly unknown[]> {
  const { clients } = await brokerSettings('https://idp.example/acme', 'https://idp.example/globex');
  return clients as unknown[];
}

/** MSAL sends one assertion for ten minutes: such a client is registered for that. */
async function certificateClient(): Promise<unknown> {
  const key = await exportJWK(createPublicKey(certificate.cert));
  return {
    id: 'msal-certificate',
    resource: 'https://certificate.example/mcp',
    auth: { method: 'private_key_jwt', jwks: { keys: [key] }, max_lifetime: 600, allow_reuse: true },
    upstream: [
      {
        issuer: 'https://idp.example/acme',
        client_id: 'https://certificate.example/mcp',
        method: 'client_secret_basic',
        secret: { value: 'x' },
      },
    ],
  };
}

/** An application as its author would set it up for any authority that is not Microsoft's. */
function msal(credential: { clientSecret: string } | { clientCertificate: object }, clientId = 'mcp-server') {
  return new ConfidentialClientApplication({
    auth: {
      clientId,
      authority: `${origin}/acme/`,
      knownAuthorities: [new URL(origin).host],
      ...(credential as { clientSecret: string }),
    },
  });
}

const withSecret = (clientSecret = 'secret of mcp-server') => msal({ clientSecret });

describe('MSAL, unchanged, with the broker as its authority', () => {
  it(verifies('tb:jwt-bearer', 'obtains a token on behalf of the user with a secret'), async () => {
    const result = await withSecret().acquireTokenOnBehalfOf({
      oboAssertion: await fixture.subject(),
      scopes: [read],
    });
    expect(claimsOf(result?.accessToken ?? '')).toMatchObject({
      sub: 'user-alice',
      aud: 'api://expenses',
      act: { sub: mcp },
    });
    expect(result).toMatchObject({ scopes: [read], tokenType: 'Bearer', fromCache: false });
    expect(result?.expiresOn?.getTime()).toBeGreaterThan(Date.now() + 200_000);
    expect(fixture.acme.requests.at(-1)?.clientId).toBe(mcp);
  });

  it(verifies('tb:jwt-bearer', 'obtains one for .default, and never a refresh token'), async () => {
    const application = withSecret();
    const request = { oboAssertion: await fixture.subject(), scopes: ['api://expenses/.default'] };
    expect((await application.acquireTokenOnBehalfOf(request))?.accessToken).toBeTruthy();
    const cache = JSON.parse(application.getTokenCache().serialize());
    expect(Object.keys(cache.AccessToken)).toHaveLength(1);
    expect(cache.RefreshToken).toEqual({});
  });

  it(verifies('tb:jwt-bearer', 'obtains two with a certificate, by one signed assertion'), async () => {
    fixture.acme.answerWith((request) => fixture.acme.mintAnswer(request));
    const thumbprintSha256 = createHash('sha256')
      .update(new X509Certificate(certificate.cert).raw)
      .digest('hex');
    const clientCertificate = { thumbprintSha256, privateKey: certificate.private };
    const application = msal({ clientCertificate }, 'msal-certificate');
    for (const sub of ['user-alice', 'user-bob']) {
      const oboAssertion = await fixture.subject({ sub, aud: 'https://certificate.example/mcp' });
      const result = await application.acquireTokenOnBehalfOf({ oboAssertion, scopes: [read] });
      expect(claimsOf(result?.accessToken ?? '').sub).toBe(sub);
    }
    fixture.acme.answerWith(undefined);
  });

  it(verifies('tb:jwt-bearer', 'understands that the user must consent or interact'), async () => {
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    const answers = [
      () => refusal(400, 'interaction_required', { claims }),
      () => refusal(400, 'consent_required'),
    ];
    for (const answer of answers) {
      fixture.acme.answerWith(answer);
      const attempt = withSecret().acquireTokenOnBehalfOf({
        oboAssertion: await fixture.subject(),
        scopes: [read],
      });
      const error = await attempt.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InteractionRequiredAuthError);
      if (answer === answers[0]) expect(error).toMatchObject({ claims });
    }
    fixture.acme.answerWith(undefined);
  });

  it.each([
    ['a wrong secret', 'wrong', {}, 'invalid_client'],
    [
      'a token of another server',
      'secret of mcp-server',
      { aud: 'https://other.example/mcp' },
      'invalid_grant',
    ],
  ])(verifies('tb:jwt-bearer', 'is told of %s'), async (_what, secret, claims, errorCode) => {
    const request = { oboAssertion: await fixture.subject(claims), scopes: [read] };
    await expect(withSecret(secret).acquireTokenOnBehalfOf(request)).rejects.toMatchObject({ errorCode });
  });
});
