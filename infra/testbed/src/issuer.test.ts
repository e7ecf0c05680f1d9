import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { createTestIssuer, type ServedIssuer, type SigningAlgorithm } from './issuer.ts';

const open: ServedIssuer[] = [];
afterAll(() => Promise.all(open.map((server) => server.close())));

describe('createTestIssuer', () => {
  it.each<SigningAlgorithm>(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])(
    'mints %s tokens that jose verifies with the published keys',
    async (alg) => {
      const issuer = createTestIssuer({ issuer: 'https://idp.example', alg });
      const keys = createLocalJWKSet(issuer.jwks() as never);
      const { payload } = await jwtVerify(await issuer.mint(), keys, { typ: 'at+jwt' });
      expect(payload.iss).toBe('https://idp.example');
    },
  );

  it('leaves out claims and header members that are undefined', async () => {
    const issuer = createTestIssuer({ issuer: 'https://idp.example' });
    const token = await issuer.mint({ sub: undefined }, { header: { typ: undefined } });
    const { payload } = await jwtVerify(token, createLocalJWKSet(issuer.jwks() as never));
    expect(payload).not.toHaveProperty('sub');
    expect(decodeProtectedHeader(token)).not.toHaveProperty('typ');
  });

  it('signs exactly the JSON it is given', () => {
    const issuer = createTestIssuer({ issuer: 'https://idp.example' });
    const token = issuer.mintRaw('{"alg":"RS256", "alg":"RS256"}', '{"sub":"a","sub":"b"}');
    const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(header).toBe('{"alg":"RS256", "alg":"RS256"}');
    expect(payload).toBe('{"sub":"a","sub":"b"}');
  });

  it('begins with the key of its name, unless it is to have its own', () => {
    const thumb = (issuer: string, ownKey?: boolean) => createTestIssuer({ issuer, ownKey }).key.jwk.n;
    expect(thumb('https://a.example')).toBe(thumb('https://a.example'));
    expect(thumb('https://a.example')).not.toBe(thumb('https://b.example'));
    expect(thumb('https://a.example')).not.toBe(thumb('https://a.example', true));
  });

  it('withdraws old keys on rotation unless told to keep them', () => {
    const issuer = createTestIssuer({ issuer: 'https://idp.example', alg: 'ES256' });
    issuer.rotate({ keep: true });
    expect(issuer.jwks().keys.map(({ kid }) => kid)).toEqual(['key-1', 'key-2']);
    issuer.rotate({ keep: false });
    expect(issuer.jwks().keys.map(({ kid }) => kid)).toEqual(['key-3']);
  });

  it('serves metadata and keys over HTTP and by fetch alike, and counts', async () => {
    const issuer = createTestIssuer({ issuer: 'https://idp.example/acme', alg: 'ES256' });
    const server = await issuer.serve();
    open.push(server);
    const overHttp = await (await fetch(server.jwksUri)).json();
    const overFetch = await (await issuer.fetch('https://idp.example/acme/jwks')).json();
    expect(overHttp).toEqual(overFetch);
    expect(issuer.requests.get('/acme/jwks')).toBe(2);
    const metadata = await issuer.fetch('https://idp.example/.well-known/oauth-authorization-server/acme');
    expect(await metadata.json()).toMatchObject({
      issuer: 'https://idp.example/acme',
      jwks_uri: 'https://idp.example/acme/jwks',
    });
  });

  it('fails on demand and recovers', async () => {
    const issuer = createTestIssuer({ issuer: 'https://idp.example', alg: 'ES256' });
    const server = await issuer.serve();
    open.push(server);
    issuer.faults.set('error', '/jwks');
    expect((await fetch(server.jwksUri)).status).toBe(500);
    issuer.faults.set('truncated', '/jwks');
    await expect(fetch(server.jwksUri).then((response) => response.json())).rejects.toThrow();
    issuer.faults.set('hang', '/jwks');
    await expect(fetch(server.jwksUri, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
    issuer.faults.set(undefined, '/jwks');
    expect((await fetch(server.jwksUri)).status).toBe(200);
  });
});
