import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ConfidentialClientApplication } from '@azure/msal-node';
import type { UpstreamCredential } from '@mcp-obo/exchange';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngineBench } from '../../test/engine-bench.ts';
import type { RecordedRequest } from '../recorded-request.ts';
import { type EntraDouble, startEntraDouble } from './double.ts';
import { entraIds, exampleEntraDirectory } from './example-directory.ts';

/** What MSAL says of itself, its host and its own cache. Entra needs none of it. */
const aboutMsal: ReadonlySet<string> = new Set([
  'client-request-id',
  'x-client-CPU',
  'x-client-OS',
  'x-client-SKU',
  'x-client-VER',
  'x-client-current-telemetry',
  'x-client-last-telemetry',
  'x-ms-lib-capability',
]);

const trusted = getCACertificates('default');
const scope = 'api://expenses/api:expenses.read';
let certificate: { cert: string; private: string };
let entra: EntraDouble;
let subject: string;

beforeAll(async () => {
  certificate = await generate([{ name: 'commonName', value: 'mcp-server' }], { algorithm: 'sha256' });
  entra = await startEntraDouble({ directory: exampleEntraDirectory({ certificates: [certificate.cert] }) });
  setDefaultCACertificates([...trusted, entra.ca ?? '']);
  subject = await entra.mintUserToken({ user: entraIds.alice, app: entraIds.mcpServer });
});

afterAll(async () => {
  setDefaultCACertificates(trusted);
  await entra.close();
});

const x5t = (encoding: 'hex' | 'base64url') =>
  createHash('sha256').update(new X509Certificate(certificate.cert).raw).digest(encoding);

/** The token request that MSAL makes. */
async function byMsal(credential: 'secret' | 'certificate', claims?: string): Promise<RecordedRequest> {
  const application = new ConfidentialClientApplication({
    auth: {
      clientId: entraIds.mcpServer,
      authority: `${entra.url}/${entraIds.tenant}`,
      knownAuthorities: [new URL(entra.url).host],
      ...(credential === 'secret'
        ? { clientSecret: 'example-secret' }
        : { clientCertificate: { thumbprintSha256: x5t('hex'), privateKey: certificate.private } }),
    },
  });
  const request = { oboAssertion: subject, scopes: [scope], ...(claims === undefined ? {} : { claims }) };
  await application.acquireTokenOnBehalfOf(request);
  return lastRequest();
}

/** The token request that the engine makes for the same. */
async function byEngine(credential: 'secret' | 'certificate', claims?: string): Promise<RecordedRequest> {
  const issuer = entra.issuerOf(entraIds.tenant, 2);
  const clientId = entraIds.mcpServer;
  const registration: UpstreamCredential =
    credential === 'secret'
      ? { kind: 'client_secret_post', clientId, clientSecret: 'example-secret' }
      : {
          kind: 'private_key_jwt',
          clientId,
          key: createPrivateKey(certificate.private),
          x5tS256: x5t('base64url'),
        };
  const bench = createEngineBench({
    profile: 'entra',
    issuer,
    tokenEndpoint: entra.tokenEndpoint(entraIds.tenant),
    credential: registration,
    target: {
      name: 'expenses-api',
      audience: 'api://expenses',
      answerAudience: entraIds.expensesApi,
      kind: 'jwt',
      scopes: ['api:expenses.read', 'api:expenses.write'],
    },
    subjects: [{ issuer, audiences: [clientId] }],
  });
  await bench.exchange(subject, ['api:expenses.read'], claims === undefined ? {} : { claims });
  await bench.close();
  return lastRequest();
}

function lastRequest(): RecordedRequest {
  const request = entra.requests.at(-1);
  if (request === undefined) throw new Error('The double saw no request.');
  return request;
}

/**
 * Parameters by name, sorted. A client assertion is signed afresh each time and compared apart. With every
 * challenge MSAL also asks for claims of an ID token, which it keeps accounts by and the engine never sees.
 */
const comparable = ({ parameters }: RecordedRequest) =>
  parameters
    .filter(([name]) => !aboutMsal.has(name) && name !== 'client_assertion')
    .map(([name, value]) => [name, name === 'claims' ? accessTokenPart(value) : value])
    .toSorted();

const accessTokenPart = (claims: string) => JSON.stringify(JSON.parse(claims).access_token);

describe("the engine's request to Entra and MSAL's", () => {
  it.each<['secret' | 'certificate', string, string | undefined]>([
    ['secret', 'no claims challenge', undefined],
    ['secret', 'a claims challenge', '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'],
    ['certificate', 'no claims challenge', undefined],
  ])(
    verifies('tb:upstream-entra', 'are equal parameter by parameter with a %s and %s'),
    async (credential, _case, claims) => {
      const msal = await byMsal(credential, claims);
      const engine = await byEngine(credential, claims);
      expect(comparable(engine)).toEqual(comparable(msal));
      expect(comparable(msal).map(([name]) => name)).toEqual(
        expect.arrayContaining(['assertion', 'client_id', 'grant_type', 'requested_token_use', 'scope']),
      );
      expect(engine.path).toBe(msal.path);
      expect([...engine.query.keys()]).toEqual([]);
      expect([...msal.query.keys()].filter((name) => !aboutMsal.has(name))).toEqual([]);
      expect(engine.authorizationScheme).toBe(msal.authorizationScheme);
      expect(mediaType(engine)).toBe(mediaType(msal));
    },
  );

  it(verifies('tb:upstream-entra', 'carry the same client assertion but for its id and times'), async () => {
    const [msal, engine] = [
      assertionOf(await byMsal('certificate')),
      assertionOf(await byEngine('certificate')),
    ];
    expect(engine.header).toEqual({ ...msal.header, typ: 'JWT' });
    expect(msal.header).toEqual({ alg: 'PS256', typ: 'JWT', 'x5t#S256': x5t('base64url') });
    expect(Object.keys(engine.claims).sort()).toEqual(Object.keys(msal.claims).sort());
    for (const name of ['aud', 'iss', 'sub']) expect(engine.claims[name]).toBe(msal.claims[name]);
    expect(life(engine.claims)).toBe(life(msal.claims));
  });
});

function mediaType({ contentType = '' }: RecordedRequest): string | undefined {
  return contentType.split(';')[0];
}

function assertionOf(request: RecordedRequest) {
  const assertion = request.get('client_assertion') ?? '';
  return { header: decodeProtectedHeader(assertion), claims: decodeJwt(assertion) };
}

function life({ exp = 0, nbf = 0 }: { exp?: number; nbf?: number }): number {
  return exp - nbf;
}
