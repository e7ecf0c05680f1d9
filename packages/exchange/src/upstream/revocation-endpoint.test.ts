import { generateKeyPairSync } from 'node:crypto';
import { auth0, entra, generic, keycloak, okta } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { connect, issuer } from '../../test/connect-upstream.ts';
import { noon } from '../../test/setup.ts';

const soon = (noon + 5) * 1000;

/** An upstream that finds its endpoints in the issuer's metadata, and one of its registrations. */
const connected = (over: Parameters<typeof connect>[0] = {}) => {
  const { upstream, idp } = connect(over);
  const revoke = async (client = 'a') => upstream.revoke?.(client, 'token-of-alice', soon);
  return { upstream, idp, revoke };
};

describe('an access token is revoked at its issuer (RFC 7009 §2.1)', () => {
  it(
    verifies('tb:revocation', 'at the endpoint of its metadata, as the registration it was issued to'),
    async () => {
      const { idp, revoke } = connected();
      await revoke();
      const [request] = idp.revocations;
      expect(request?.url).toBe(`${issuer}/revoke`);
      expect(Object.fromEntries(request?.form ?? [])).toEqual({
        token: 'token-of-alice',
        token_type_hint: 'access_token',
        client_id: 'https://a.example/mcp',
        client_secret: 's',
      });
    },
  );

  it(verifies('tb:upstream-credential', 'by nobody who has no registration there'), async () => {
    const { idp, revoke } = connected();
    await expect(revoke('b')).rejects.toMatchObject({ code: 'unauthorized_client' });
    expect(idp.revocations).toEqual([]);
  });

  it.each([
    ['issuer', keycloak, issuer],
    ['endpoint, as Okta asks', okta, `${issuer}/revoke`],
  ])('with an assertion for the %s', async (_audience, profile, audience) => {
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const credentials = { a: { kind: 'private_key_jwt', clientId: 'a', key } } as const;
    const { idp, revoke } = connected({ profile, credentials });
    await revoke();
    expect(decodeJwt(idp.revocations[0]?.form.get('client_assertion') ?? '')).toMatchObject({
      iss: 'a',
      aud: audience,
    });
  });

  it.each([
    ['Keycloak', keycloak, true],
    ['Okta', okta, true],
    ['an issuer that follows the RFC', generic, true],
    ['Entra ID, which has no such endpoint', entra, false],
    ['Auth0, whose endpoint takes refresh tokens', auth0, false],
  ])(verifies('tb:revocation', 'where the issuer can: %s'), (_name, profile, can) => {
    expect(connected({ profile }).upstream.revoke !== undefined).toBe(can);
  });

  it('nowhere else, when the metadata names no endpoint', async () => {
    const { idp, revoke } = connected({
      fetch: (idp) => async (url, init) => {
        const response = await idp.fetch(url, init);
        if (!url.includes('.well-known')) return response;
        const { revocation_endpoint: _endpoint, ...metadata } = (await response.json()) as object & {
          revocation_endpoint: string;
        };
        return Response.json(metadata);
      },
    });
    await expect(revoke()).rejects.toMatchObject({ reason: 'upstream_no_revocation_endpoint' });
    expect(idp.revocations).toEqual([]);
  });

  it('never over plain http to another machine, whatever the metadata says', async () => {
    const sent: string[] = [];
    const { revoke } = connected({
      fetch: (idp) => async (url, init) => {
        sent.push(url);
        if (!url.includes('.well-known')) return idp.fetch(url, init);
        return Response.json({ issuer, revocation_endpoint: 'http://idp.example/revoke' });
      },
    });
    await expect(revoke()).rejects.toMatchObject({ reason: 'invalid_metadata' });
    expect(sent.filter((url) => !url.includes('.well-known'))).toEqual([]);
  });
});

describe('an answer of the revocation endpoint', () => {
  const answering = async (answer: () => Response) => {
    const { idp, revoke } = connected();
    idp.revokeWith(answer);
    return revoke();
  };
  const refusal = (status: number, error: string, headers = {}) =>
    Response.json({ error }, { status, headers });

  it.each([
    ['nothing', () => new Response(null)],
    ['a body that means nothing (§2.2)', () => Response.json({ error: 'invalid_token' })],
  ])('of 200 with %s is a success', async (_what, answer) => {
    await expect(answering(answer)).resolves.toBeUndefined();
  });

  it.each<readonly [string, () => Response, object]>([
    [
      'of another client’s token is for good',
      () => refusal(400, 'invalid_request'),
      { code: 'bad_gateway', reason: 'revocation_refused' },
    ],
    [
      'that such tokens cannot be revoked is for good (§2.2.1)',
      () => refusal(400, 'unsupported_token_type'),
      { code: 'bad_gateway', reason: 'revocation_unsupported' },
    ],
    [
      'that refuses our registration is for good',
      () => refusal(401, 'invalid_client'),
      { code: 'bad_gateway', reason: 'upstream_credential' },
    ],
    [
      'that leads elsewhere is not followed',
      () => new Response(null, { status: 307, headers: { location: 'https://evil.example' } }),
      { code: 'bad_gateway', reason: 'revocation_refused' },
    ],
    [
      'of 503 is a fault with a time to wait (§2.2.1)',
      () => refusal(503, 'temporarily_unavailable', { 'retry-after': '7' }),
      { code: 'temporarily_unavailable', reason: 'upstream_fault', retryAfter: 7 },
    ],
    [
      'of 429 asks to wait',
      () => refusal(429, 'slow_down', { 'retry-after': '9' }),
      { code: 'temporarily_unavailable', reason: 'upstream_throttled', retryAfter: 9 },
    ],
    [
      'of 10 MB is not read',
      () => new Response('x'.repeat(10_000_000)),
      { code: 'bad_gateway', reason: 'upstream_response_too_large' },
    ],
  ])('%s', async (_what, answer, refused) => {
    await expect(answering(answer)).rejects.toMatchObject(refused);
  });

  it('is asked for once: a fault is waited out by who asks', async () => {
    const { idp, revoke } = connected();
    idp.revokeWith(() => refusal(503, 'x'));
    await expect(revoke()).rejects.toThrow();
    expect(idp.revocations).toHaveLength(1);
  });

  it(verifies('op:redaction', 'leaves no token in what is thrown'), async () => {
    const echo = () =>
      Response.json({ error: 'invalid_request', error_description: 'token-of-alice' }, { status: 400 });
    const error = await answering(echo).catch((thrown: unknown) => thrown);
    const texts: unknown[] = [];
    for (let one = error; one instanceof Error; one = one.cause) texts.push(one.message);
    expect(texts.join()).not.toContain('token-of-alice');
  });
});
