import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import type { ClientConfig } from '../config.ts';
import { parseForm } from '../token/form.ts';
import { authMethodsOf } from './auth-methods.ts';
import { createClientAuthenticator } from './authenticate.ts';
import type { PresentedCertificate } from './presented-certificate.ts';
import { createAssertionVerifier } from './private-key-jwt.ts';
import { createWorkloadTokenVerifier } from './workload-token.ts';

const now = 1_800_000_000_000;
const seconds = now / 1000;
const broker = 'https://broker.example';
const cluster = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const domain = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = async (key: KeyObject, use?: string) => ({ ...(await exportJWK(key)), kty: 'EC' as const, use });

const day = 86_400_000;
async function certificate(subject: string, altNames: object[] = [], from = now - day, to = now + day) {
  const names = subject.split(',').map((part) => part.split('='));
  const made = await generate(
    names.map(([shortName = '', value = '']) => ({ shortName, value })),
    {
      keyType: 'ec',
      notBeforeDate: new Date(from),
      notAfterDate: new Date(to),
      extensions: [{ name: 'subjectAltName', altNames: altNames as never[] }],
    },
  );
  return new X509Certificate(made.cert);
}

const mine = await certificate('C=DE,O=Acme,CN=mcp-server', [
  { type: 2, value: 'mcp.acme.example' },
  { type: 6, value: 'spiffe://acme.example/mcp' },
  { type: 7, ip: '10.0.0.7' },
  { type: 1, value: 'mcp@acme.example' },
]);
const other = await certificate('C=DE,O=Acme,CN=other-server', [{ type: 2, value: '*.acme.example' }]);
const old = await certificate('C=DE,O=Acme,CN=mcp-server', [], now - 2 * day, now - day);
const trusted = (of: X509Certificate): PresentedCertificate => ({ certificate: of, trusted: true });

const common = {
  grants: ['token-exchange' as const],
  upstream: [],
  redirect_uris: [],
  operator: false,
};
const auths = {
  pod: {
    method: 'kubernetes',
    issuer: 'https://cluster.example',
    jwks: { keys: [await jwk(cluster.publicKey)] },
    namespace: 'mcp',
    service_account: 'server',
    max_lifetime: 3600,
  },
  workload: {
    method: 'spiffe',
    id: 'spiffe://acme.example/mcp',
    bundle: { keys: [await jwk(domain.publicKey, 'jwt-svid'), await jwk(stranger.publicKey, 'x509-svid')] },
    max_lifetime: 300,
  },
  'by-subject': { method: 'tls_client_auth', subject_dn: 'CN=mcp-server,O=Acme,C=DE' },
  'by-dns': { method: 'tls_client_auth', san_dns: 'mcp.acme.example' },
  'by-uri': { method: 'tls_client_auth', san_uri: 'spiffe://acme.example/mcp' },
  'by-ip': { method: 'tls_client_auth', san_ip: '10.0.0.7' },
  'by-email': { method: 'tls_client_auth', san_email: 'mcp@acme.example' },
  'by-itself': { method: 'self_signed_tls_client_auth', certificates: [mine.raw] },
} as const satisfies Record<string, ClientConfig['auth']>;
const clients = Object.entries(auths).map(([id, auth]): ClientConfig => ({ ...common, id, auth }));

const audiences = [broker, `${broker}/token`];
const fetch = () => Promise.reject(new Error('nothing is fetched'));
const authenticate = createClientAuthenticator({
  clients,
  now: () => now,
  workloadVerifier: createWorkloadTokenVerifier({ audiences, fetch, now: () => now }),
  assertionVerifier: createAssertionVerifier({
    audiences,
    replay: { firstUse: async () => true },
    now: () => now,
  }),
});

async function outcome(body: Record<string, string>, shown?: PresentedCertificate): Promise<string> {
  const form = parseForm(new URLSearchParams(body).toString());
  try {
    return (await authenticate({ authorization: [], certificate: shown, form })).id;
  } catch (error) {
    if (error instanceof OAuthError) return `${error.code}: ${error.reason}`;
    throw error;
  }
}

const type = (name: string) => `urn:ietf:params:oauth:client-assertion-type:${name}`;
const sign = (claims: JWTPayload, key: KeyObject) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(key);

const podClaims = {
  iss: 'https://cluster.example',
  sub: 'system:serviceaccount:mcp:server',
  aud: [broker],
  exp: seconds + 3600,
  iat: seconds,
  'kubernetes.io': { namespace: 'mcp', serviceaccount: { name: 'server', uid: 'u' } },
};
const pod = async (change: object = {}, key = cluster.privateKey, kind = 'jwt-bearer', more = {}) =>
  await outcome({
    client_assertion_type: type(kind),
    client_assertion: await sign({ ...podClaims, ...change }, key),
    ...more,
  });

describe('a projected token of Kubernetes', () => {
  it(
    verifies('tb:client-auth', 'proves the client of its service account, with or without client_id'),
    async () => {
      expect([await pod(), await pod({}, undefined, undefined, { client_id: 'pod' })]).toEqual([
        'pod',
        'pod',
      ]);
    },
  );

  it(
    verifies('tb:client-auth', 'is used again within its life, as the kubelet rotates it and not its reader'),
    async () => {
      const client_assertion = await sign(podClaims, cluster.privateKey);
      const form = { client_assertion_type: type('jwt-bearer'), client_assertion };
      expect([await outcome(form), await outcome(form)]).toEqual(['pod', 'pod']);
    },
  );

  it.each([
    ['of another service account', { sub: 'system:serviceaccount:mcp:other' }, 'unknown_client'],
    ['of the same name in another namespace', { sub: 'system:serviceaccount:dev:server' }, 'unknown_client'],
    ['of another cluster', { iss: 'https://other.example' }, 'unknown_client'],
    ['for the API server', { aud: ['https://kubernetes.default.svc'] }, 'assertion_audience'],
    ['for us and for others', { aud: [broker, 'https://other.example'] }, 'assertion_audience'],
    ['that has expired', { exp: seconds - 31 }, 'assertion'],
    ['that lives for a year', { exp: seconds + 365 * 86_400 }, 'assertion_lifetime'],
    ['that is not valid yet', { nbf: seconds + 31 }, 'assertion'],
    ['that is bound to no account', { 'kubernetes.io': {} }, 'assertion_service_account'],
    [
      'that is bound to another account than its sub says',
      { 'kubernetes.io': { namespace: 'mcp', serviceaccount: { name: 'another' } } },
      'assertion_service_account',
    ],
    [
      'that is bound to an account of another namespace',
      { 'kubernetes.io': { namespace: 'another', serviceaccount: { name: 'server' } } },
      'assertion_service_account',
    ],
  ])(verifies('tb:client-auth', 'is refused %s'), async (_case, change, reason) => {
    expect(await pod(change)).toBe(`invalid_client: ${reason}`);
  });

  it(
    verifies('tb:client-auth', 'is refused with the signature of somebody else, or as another client’s'),
    async () => {
      expect(await pod({}, stranger.privateKey)).toBe('invalid_client: assertion');
      expect(await pod({}, undefined, undefined, { client_id: 'workload' })).toBe(
        'invalid_client: client_assertion_type',
      );
      expect(await pod({}, undefined, 'jwt-spiffe')).toBe('invalid_client: unknown_client');
      const named = { client_id: 'pod' };
      expect(await pod({}, undefined, 'jwt-spiffe', named)).toBe('invalid_client: client_assertion_type');
      expect(await pod({ iss: 'https://other.example' }, undefined, undefined, named)).toBe(
        'invalid_client: assertion',
      );
      expect(await pod({ sub: 'system:serviceaccount:mcp:other' }, undefined, undefined, named)).toBe(
        'invalid_client: assertion',
      );
    },
  );
});

const svidClaims = { sub: 'spiffe://acme.example/mcp', aud: [broker], exp: seconds + 300, iat: seconds };
const svid = async (change: object = {}, key = domain.privateKey, kind = 'jwt-spiffe', more = {}) =>
  await outcome({
    client_assertion_type: type(kind),
    client_assertion: await sign({ ...svidClaims, ...change }, key),
    ...more,
  });

describe('a JWT-SVID', () => {
  it(
    verifies('tb:client-auth', 'proves the client of its SPIFFE id, with or without client_id'),
    async () => {
      const named = { client_id: 'workload' };
      expect([await svid(), await svid({}, undefined, undefined, named)]).toEqual(['workload', 'workload']);
    },
  );

  it.each([
    ['of another workload', { sub: 'spiffe://acme.example/other' }, 'unknown_client'],
    ['of another trust domain', { sub: 'spiffe://evil.example/mcp' }, 'unknown_client'],
    ['for somebody else', { aud: ['https://other.example'] }, 'assertion_audience'],
    ['for us and for others', { aud: [broker, 'https://other.example'] }, 'assertion_audience'],
    ['that has expired', { exp: seconds - 31 }, 'assertion'],
    ['that lives too long', { exp: seconds + 3600 }, 'assertion_lifetime'],
    ['without an end', { exp: undefined }, 'assertion'],
  ])(verifies('tb:client-auth', 'is refused %s'), async (_case, change, reason) => {
    expect(await svid(change)).toBe(`invalid_client: ${reason}`);
  });

  it(verifies('tb:client-auth', 'is refused under the type of other assertions'), async () => {
    expect(await svid({}, undefined, 'jwt-bearer')).toBe('invalid_client: unknown_client');
    expect(await svid({}, undefined, 'jwt-bearer', { client_id: 'workload' })).toBe(
      'invalid_client: client_assertion_type',
    );
  });

  it(verifies('tb:client-auth', 'is refused with a key of its bundle that signs no JWT-SVIDs'), async () => {
    expect(await svid({}, stranger.privateKey)).toBe('invalid_client: assertion');
  });
});

describe('a client certificate (RFC 8705 §2)', () => {
  const names = ['by-subject', 'by-dns', 'by-uri', 'by-ip', 'by-email'];

  it.each([...names, 'by-itself'])(
    verifies('tb:client-auth', 'proves the client registered %s'),
    async (client_id) => {
      expect(await outcome({ client_id }, trusted(mine))).toBe(client_id);
    },
  );

  it.each(names)(
    verifies('tb:client-auth', 'is refused for the client %s when it has another name'),
    async (client_id) => {
      expect(await outcome({ client_id }, trusted(other))).toBe('invalid_client: certificate_name');
    },
  );

  it.each(names)(
    verifies('tb:client-auth', 'is refused for the client %s when nobody trusted signed it'),
    async (client_id) => {
      const untrusted = { certificate: mine, trusted: false };
      expect(await outcome({ client_id }, untrusted)).toBe('invalid_client: certificate_untrusted');
    },
  );

  it(
    verifies('tb:client-auth', 'that is registered itself needs nobody who signed it, and no other will do'),
    async () => {
      const client_id = 'by-itself';
      expect(await outcome({ client_id }, { certificate: mine, trusted: false })).toBe('by-itself');
      expect(await outcome({ client_id }, trusted(other))).toBe('invalid_client: certificate_unknown');
    },
  );

  it.each(['by-subject', 'by-itself'])(
    verifies('tb:client-auth', 'is refused out of its time: %s'),
    async (client_id) => {
      expect(await outcome({ client_id }, trusted(old))).toBe('invalid_client: certificate_time');
    },
  );

  it(
    verifies('tb:client-auth', 'is none for a client of another method, for nobody, and beside no client_id'),
    async () => {
      expect(await outcome({ client_id: 'pod' }, trusted(mine))).toBe('invalid_client: unknown_client');
      expect(await outcome({ client_id: 'nobody' }, trusted(mine))).toBe('invalid_client: unknown_client');
      expect(await outcome({}, trusted(mine))).toBe('invalid_client: no_client_credential');
      expect(await outcome({ client_id: 'by-dns' })).toBe('invalid_client: no_client_credential');
    },
  );

  it(verifies('tb:client-auth', 'is not what counts where another credential is shown'), async () => {
    const body = { client_id: 'by-dns', client_secret: 'guessed' };
    expect(await outcome(body, trusted(mine))).toBe('invalid_client: client_secret');
  });
});

describe('the methods in the metadata', () => {
  it(verifies('tb:client-auth', 'are those that some client is registered for (RFC 8414 §2)'), () => {
    expect(authMethodsOf(clients)).toEqual([
      'tls_client_auth',
      'self_signed_tls_client_auth',
      'private_key_jwt',
      'spiffe_jwt',
    ]);
    expect(authMethodsOf([])).toEqual([]);
  });
});
