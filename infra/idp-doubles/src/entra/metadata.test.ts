import { Agent, get } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EntraDouble, startEntraDouble } from './double.ts';
import { entraIds, exampleEntraDirectory } from './example-directory.ts';

let entra: EntraDouble;

beforeAll(async () => {
  entra = await startEntraDouble({ directory: exampleEntraDirectory() });
});

afterAll(() => entra.close());

/** Fetches over TLS, trusting the double's authority and nothing else. */
function getJson(path: string, ca = entra.ca): Promise<{ status?: number; body: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const agent = new Agent(ca === undefined ? {} : { ca });
    get(`${entra.url}${path}`, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) }),
      );
    }).on('error', reject);
  });
}

describe('metadata of the Entra double', () => {
  it.each([
    ['v1.0', '', 1, 'oauth2/token', 'discovery/keys'],
    ['v2.0', '/v2.0', 2, 'oauth2/v2.0/token', 'discovery/v2.0/keys'],
  ] as const)('names issuer, token endpoint and keys of %s', async (_name, segment, version, token, keys) => {
    const { body } = await getJson(`/${entraIds.tenant}${segment}/.well-known/openid-configuration`);
    expect(body).toMatchObject({
      issuer: entra.issuerOf(entraIds.tenant, version),
      token_endpoint: `${entra.url}/${entraIds.tenant}/${token}`,
      jwks_uri: `${entra.url}/${entraIds.tenant}/${keys}`,
    });
    expect((await getJson(`/${entraIds.tenant}/${keys}`)).body).toMatchObject({
      keys: [{ kty: 'RSA', use: 'sig' }],
    });
  });

  it('knows no tenant that is not in the directory', async () => {
    const answer = await getJson(`/${entraIds.alice}/v2.0/.well-known/openid-configuration`);
    expect(answer).toEqual({ status: 400, body: { error: 'invalid_tenant' } });
  });

  it('is served on loopback with a certificate that only its own authority vouches for', async () => {
    expect(new URL(entra.url).hostname).toBe('127.0.0.1');
    const other = await startEntraDouble({ directory: exampleEntraDirectory() });
    await other.close();
    await expect(getJson('/common/discovery/instance', other.ca)).rejects.toThrow(/certificate/);
  });
});
