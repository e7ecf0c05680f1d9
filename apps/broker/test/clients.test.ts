import { verifies } from '@mcp-obo/testbed/verifies';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { basic, createFixture, type Form, noon } from './fixture.ts';
import { broker, clientKey } from './settings.ts';

const { app, post } = await createFixture();
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const anyGrant = { grant_type: 'client_credentials', audience: 'expenses-api' };

/** A request with exactly these credentials. */
function attempt(form: Form, authorization = '') {
  return post({ ...anyGrant, ...form }, { headers: { authorization } });
}

async function assertion(claims: Readonly<Record<string, unknown>> = {}): Promise<Form> {
  const payload = {
    iss: 'keys-server',
    sub: 'keys-server',
    aud: broker,
    exp: noon + 60,
    jti: crypto.randomUUID(),
    ...claims,
  };
  const client_assertion = await new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256' })
    .sign(clientKey.privateKey);
  return { client_assertion, client_assertion_type: assertionType };
}

describe('a client at the token endpoint', () => {
  it.each([
    ['X12: a wrong secret by Basic', {}, basic('mcp-server', 'wrong')],
    ['a wrong secret in the body', { client_id: 'mcp-server', client_secret: 'wrong' }, ''],
    ['a client that does not exist', {}, basic('nobody', 'x')],
    ['another scheme', {}, 'Bearer abc'],
    ['no credential', { client_id: 'mcp-server' }, ''],
  ])(
    verifies('tb:client-auth', 'is answered 401 invalid_client with a challenge for %s'),
    async (_what, form, header) => {
      const response = await attempt(form, header);
      expect(response.statusCode).toBe(401);
      expect(response.json()).toEqual({
        error: 'invalid_client',
        error_description: 'Client authentication failed.',
      });
      expect(response.headers['www-authenticate']).toMatch(/^Basic realm=/);
    },
  );

  it(verifies('tb:client-auth', 'may send its secret in the body'), async () => {
    const response = await attempt({ client_id: 'mcp-server', client_secret: 'secret of mcp-server' });
    expect(response.statusCode).toBe(200);
  });

  it(verifies('tb:client-auth', 'may sign an assertion, once'), async () => {
    for (const aud of [broker, `${broker}/token`, `${broker}/acme/oauth2/v2.0/token`]) {
      const form = await assertion({ aud });
      expect((await attempt(form)).json().error).toBe('invalid_target');
      const replayed = await attempt(form);
      expect([replayed.statusCode, replayed.json().error]).toEqual([401, 'invalid_client']);
    }
  });

  it.each([
    ['expired', { exp: noon - 60 }],
    ['for another audience', { aud: 'https://other.example' }],
    ['of another issuer than its subject', { iss: 'mcp-server' }],
    ['with a life of an hour', { exp: noon + 3600 }],
  ])(verifies('tb:client-auth', 'X14: is refused with an assertion that is %s'), async (_what, claims) => {
    const response = await attempt(await assertion(claims));
    expect([response.statusCode, response.json().error]).toEqual([401, 'invalid_client']);
  });

  it(verifies('tb:client-auth', 'X13: may not use Basic and an assertion together'), async () => {
    const response = await attempt(await assertion(), basic('mcp-server', 'secret of mcp-server'));
    expect([response.statusCode, response.json().error]).toEqual([400, 'invalid_request']);
  });

  it('may not send two Authorization headers', async () => {
    const response = await app.inject({
      method: 'POST',
      url: '/token',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: [basic('mcp-server', 'secret of mcp-server'), basic('nobody', 'x')] as never,
      },
      payload: 'grant_type=client_credentials',
    });
    expect(response.statusCode).toBe(400);
    expect(response.json().error_description).toBe('Only one Authorization header may be sent.');
  });
});
