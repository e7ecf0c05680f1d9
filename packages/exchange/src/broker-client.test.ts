import { generateKeyPairSync } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { noon } from '../test/setup.ts';
import { type BrokerClientOptions, createBrokerClient } from './broker-client.ts';

const tokenEndpoint = 'https://broker.example/token';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const issued = {
  access_token: 'downstream-token',
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  token_type: 'Bearer',
  expires_in: 120,
  scope: 'b a',
};
const asked = { target: 'expenses-api', scopes: ['a', 'b'], subjectToken: 'subject-token' };

const refused = { suberror: 'subject_refused' };
const challenge = { claims: '{"access_token":{}}' };

/** A client whose broker gives this answer to everything. */
function connect(answer: () => Response, over: Partial<BrokerClientOptions> = {}) {
  const requests: { url: string; form: Record<string, string>; prefer: string | null }[] = [];
  let randoms = 0;
  const exchange = createBrokerClient({
    tokenEndpoint,
    credential: { kind: 'private_key_jwt', clientId: 'mcp-server', key: privateKey, kid: 'k1' },
    fetch: async (url, init) => {
      const form = Object.fromEntries(new URLSearchParams(String(init?.body)));
      requests.push({ url, form, prefer: new Headers(init?.headers).get('prefer') });
      return answer();
    },
    now: () => noon * 1000,
    random: () => `random-${++randoms}`,
    ...over,
  });
  return { exchange, requests };
}

describe('a client of the broker', () => {
  it(verifies('tb:retry', 'says how long it waits for the answer (RFC 7240 §4.3)'), async () => {
    const { exchange, requests } = connect(() => Response.json(issued), { timeoutMs: 4500 });
    await exchange.onBehalfOf(asked);
    expect(requests[0]?.prefer).toBe('wait=4');
  });

  it(verifies('tb:rfc8693', 'asks by RFC 8693 §2.1 and reads the answer of §2.2.1'), async () => {
    const { exchange, requests } = connect(() => Response.json(issued));
    expect(await exchange.onBehalfOf({ ...asked, claims: '{}' })).toEqual({
      accessToken: 'downstream-token',
      tokenType: 'Bearer',
      expiresAt: noon + 120,
      scopes: ['a', 'b'],
      source: 'remote',
    });
    const { client_assertion: assertion = '', ...form } = requests[0]?.form ?? {};
    expect(form).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'subject-token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'expenses-api',
      scope: 'a b',
      claims: '{}',
      client_id: 'mcp-server',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    expect(decodeJwt(assertion)).toEqual({
      iss: 'mcp-server',
      sub: 'mcp-server',
      aud: tokenEndpoint,
      jti: 'random-1',
      iat: noon,
      nbf: noon,
      exp: noon + 60,
    });
  });

  it('signs a fresh assertion for every request, for the broker refuses a replay', async () => {
    const { exchange, requests } = connect(() => Response.json(issued));
    await exchange.onBehalfOf(asked);
    await exchange.onBehalfOf(asked);
    const ids = requests.map(({ form }) => decodeJwt(form.client_assertion ?? '').jti);
    expect(new Set(ids).size).toBe(2);
  });

  it('can show a secret instead', async () => {
    const credential = { kind: 'client_secret_post', clientId: 'mcp-server', clientSecret: 's' } as const;
    const { exchange, requests } = connect(() => Response.json(issued), { credential });
    await exchange.onBehalfOf(asked);
    expect(requests[0]?.form).toMatchObject({ client_id: 'mcp-server', client_secret: 's' });
  });

  it(
    verifies('tb:m2m', 'asks for a machine by client credentials, in a tenant when one is named'),
    async () => {
      const { exchange, requests } = connect(() => Response.json(issued));
      await exchange.forMachine({ target: 'expenses-api', scopes: ['totals'] });
      await exchange.forMachine({ target: 'expenses-api', scopes: [], tenant: 'acme/..' });
      expect(requests.map(({ url }) => url)).toEqual([
        tokenEndpoint,
        'https://broker.example/acme%2F../oauth2/v2.0/token',
      ]);
      expect(requests[0]?.form).toMatchObject({
        grant_type: 'client_credentials',
        audience: 'expenses-api',
        scope: 'totals',
      });
      expect(requests[1]?.form).not.toHaveProperty('scope');
    },
  );

  it.each<[string, number, Record<string, string>, string, Record<string, string>]>([
    ['invalid_request', 400, refused, 'invalid_token', refused],
    ['invalid_grant', 400, {}, 'invalid_token', refused],
    ['invalid_request', 400, {}, 'server_error', {}],
    ['invalid_client', 401, {}, 'server_error', {}],
    ['invalid_scope', 400, {}, 'invalid_scope', {}],
    ['invalid_target', 400, {}, 'invalid_target', {}],
    ['access_denied', 403, {}, 'access_denied', {}],
    ['consent_required', 400, { suberror: 'bad' }, 'consent_required', { suberror: 'bad' }],
    ['interaction_required', 400, {}, 'interaction_required', {}],
    ['interaction_required', 400, challenge, 'insufficient_claims', challenge],
    ['insufficient_claims', 401, challenge, 'insufficient_claims', challenge],
    ['server_error', 500, {}, 'server_error', {}],
    ['server_error', 502, {}, 'bad_gateway', {}],
    ['temporarily_unavailable', 503, {}, 'temporarily_unavailable', {}],
  ])(verifies('tb:error-map', 'reads %s with %i and %j as %s'), async (error, status, sent, code, params) => {
    const { exchange } = connect(() => Response.json({ error, ...sent }, { status }));
    await expect(exchange.onBehalfOf(asked)).rejects.toMatchObject({ code, params });
  });

  it(verifies('tb:error-map', 'hands on how long to wait'), async () => {
    const busy = () =>
      Response.json({ error: 'temporarily_unavailable' }, { status: 503, headers: { 'retry-after': '33' } });
    await expect(connect(busy).exchange.onBehalfOf(asked)).rejects.toMatchObject({ retryAfter: 33 });
  });

  it('gives up when its caller does', async () => {
    const { exchange } = connect(() => Response.json(issued), { fetch: () => new Promise(() => undefined) });
    const caller = new AbortController();
    const waiting = exchange.onBehalfOf({ ...asked, signal: caller.signal });
    caller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'aborted' });
  });

  it('sends no token to an endpoint in clear text', () => {
    expect(() =>
      connect(() => Response.json(issued), { tokenEndpoint: 'http://broker.example/token' }),
    ).toThrow(TypeError);
  });
});
