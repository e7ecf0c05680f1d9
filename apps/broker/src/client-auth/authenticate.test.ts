import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Cache } from '@mcp-obo/exchange';
import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { exportJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClientConfig } from '../config.ts';
import { parseForm } from '../token/form.ts';
import { type ClientAuthenticator, createClientAuthenticator } from './authenticate.ts';
import { createAssertionVerifier } from './private-key-jwt.ts';
import { createReplayGuard } from './replay-guard.ts';
import { createWorkloadTokenVerifier } from './workload-token.ts';

const now = 1_800_000_000_000;
const seconds = now / 1000;
const issuer = 'https://broker.example';
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const es256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const common = {
  grants: ['token-exchange' as const],
  upstream: [],
  redirect_uris: [],
  operator: false,
};
const sha256OfSecret = '47028ceb0991826cc68e2def5fdcf54a4682a3622184a00577603119d53e69d7';

let authenticate: ClientAuthenticator;
let store: Map<string, Uint8Array>;

beforeEach(async () => {
  store = new Map();
  authenticate = await authenticator(store);
});

async function authenticator(entries: Map<string, Uint8Array>): Promise<ClientAuthenticator> {
  const jwks = { keys: [{ ...(await exportJWK(es256.publicKey)), kty: 'EC' as const }] };
  const clients: ClientConfig[] = [
    {
      ...common,
      id: 'with secret',
      auth: { method: 'client_secret', secret: ['0'.repeat(64), sha256OfSecret] },
    },
    {
      ...common,
      id: 'with-key',
      auth: { method: 'private_key_jwt', jwks, max_lifetime: 300, allow_reuse: false },
    },
    {
      ...common,
      id: 'msal',
      auth: { method: 'private_key_jwt', jwks, max_lifetime: 600, allow_reuse: true },
    },
  ];
  const replay = createReplayGuard({ cache: cacheOver(entries), now: () => now });
  const audiences = [issuer, `${issuer}/token`];
  const assertionVerifier = createAssertionVerifier({ audiences, replay, now: () => now });
  const workloadVerifier = createWorkloadTokenVerifier({ audiences, fetch, now: () => now });
  return createClientAuthenticator({ clients, assertionVerifier, workloadVerifier, now: () => now });
}

/** What two replicas share. */
function cacheOver(entries: Map<string, Uint8Array>): Pick<Cache, 'add'> {
  return { add: async (key, value) => !entries.has(key) && entries.set(key, value).has(key) };
}

function attempt(body: Record<string, string>, ...authorization: string[]): Promise<ClientConfig> {
  return authenticate({ authorization, form: parseForm(new URLSearchParams(body).toString()) });
}

async function outcome(attempted: Promise<ClientConfig>): Promise<string> {
  try {
    return (await attempted).id;
  } catch (error) {
    if (error instanceof OAuthError) return `${error.code}: ${error.reason}`;
    throw error;
  }
}

function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

const claims: JWTPayload = { iss: 'with-key', sub: 'with-key', aud: issuer, exp: seconds + 60, iat: seconds };

function assertion(change: JWTPayload = {}, key: KeyObject = es256.privateKey): Promise<string> {
  return new SignJWT({ jti: crypto.randomUUID(), ...claims, ...change })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(key);
}

async function withAssertion(text: string | Promise<string>, more: Record<string, string> = {}) {
  return await outcome(
    attempt({ client_assertion_type: assertionType, client_assertion: await text, ...more }),
  );
}

describe('a client secret', () => {
  it(verifies('tb:client-auth', 'is taken from Basic, form-encoded (RFC 6749 §2.3.1)'), async () => {
    expect(await outcome(attempt({}, basic('with+secret', 's%2Bcr%C3%A9t%3A')))).toBe('with secret');
  });

  it(verifies('tb:client-auth', 'is taken from the body'), async () => {
    const body = { client_id: 'with secret', client_secret: 's+crét:' };
    expect(await outcome(attempt(body))).toBe('with secret');
  });

  it.each([
    ['a wrong one', 'with+secret', 'wrong'],
    ['none', 'with+secret', ''],
    ['one of an unknown client', 'nobody', 's%2Bcr%C3%A9t%3A'],
    ['one for a client with keys', 'with-key', 's%2Bcr%C3%A9t%3A'],
  ])(verifies('tb:client-auth', 'refuses %s'), async (_what, id, secret) => {
    expect(await outcome(attempt({}, basic(id, secret)))).toBe('invalid_client: client_secret');
  });

  it.each([
    ['another scheme', 'Bearer abc'],
    ['no base64', 'Basic ä'],
    ['no colon', `Basic ${Buffer.from('abc').toString('base64')}`],
    ['an empty id', basic('', 'x')],
    ['a broken escape', basic('a%zz', 'x')],
  ])('refuses an Authorization header with %s', async (_what, header) => {
    expect(await outcome(attempt({}, header))).toBe('invalid_client: authorization_header');
  });
});

describe('a client assertion (RFC 7523 §3)', () => {
  it(verifies('tb:client-auth', 'is accepted once, with or without client_id'), async () => {
    expect(await withAssertion(assertion())).toBe('with-key');
    expect(await withAssertion(assertion({ aud: `${issuer}/token` }), { client_id: 'with-key' })).toBe(
      'with-key',
    );
  });

  it(
    verifies('tb:client-auth', 'X14: is refused when its jti was seen, here or by another replica'),
    async () => {
      const once = await assertion();
      expect(await withAssertion(once)).toBe('with-key');
      expect(await withAssertion(once)).toBe('invalid_client: assertion_replay');
      authenticate = await authenticator(store);
      expect(await withAssertion(once)).toBe('invalid_client: assertion_replay');
    },
  );

  it(verifies('tb:client-auth', 'X14: is accepted once of two at the same moment'), async () => {
    const once = await assertion();
    const outcomes = await Promise.all([withAssertion(once), withAssertion(once)]);
    expect(outcomes.toSorted()).toEqual(['invalid_client: assertion_replay', 'with-key']);
  });

  it('is verified with a key that is imported once, however many come', async () => {
    const assertions = await Promise.all(Array.from({ length: 3 }, () => assertion()));
    const imported = vi.spyOn(crypto.subtle, 'importKey');
    onTestFinished(() => imported.mockRestore());
    for (const text of assertions) expect(await withAssertion(text)).toBe('with-key');
    expect(imported).toHaveBeenCalledTimes(1);
  });

  it('may be sent again only by a client registered for that', async () => {
    const reused = await assertion({ iss: 'msal', sub: 'msal', exp: seconds + 600 });
    expect(await withAssertion(reused)).toBe('msal');
    expect(await withAssertion(reused)).toBe('msal');
  });

  it.each<readonly [string, JWTPayload, string]>([
    ['expired', { exp: seconds - 31 }, 'assertion'],
    ['not valid yet', { nbf: seconds + 31 }, 'assertion'],
    ['issued in the future', { iat: seconds + 31 }, 'assertion_iat'],
    ['living longer than five minutes', { exp: seconds + 331 }, 'assertion_lifetime'],
    ['with exp as 1e999', { exp: Number.MAX_VALUE }, 'assertion_lifetime'],
    ['without exp', { exp: undefined }, 'assertion'],
    ['without jti', { jti: undefined }, 'assertion'],
    ['with an empty jti', { jti: '' }, 'assertion_jti'],
    ['for another audience', { aud: 'https://other.example' }, 'assertion_audience'],
    ['for several audiences', { aud: [issuer, 'https://other.example'] }, 'assertion_audience'],
    ['whose iss is not its sub', { iss: 'msal' }, 'assertion'],
    ['of another client', { iss: 'msal', sub: 'msal' }, 'assertion'],
  ])(verifies('tb:client-auth', 'X14: is refused when %s'), async (_what, change, reason) => {
    const text = await assertion(change);
    expect(await withAssertion(text, { client_id: 'with-key' })).toBe(`invalid_client: ${reason}`);
  });

  it(verifies('tb:client-auth', 'X14: is refused without a signature by the client’s key'), async () => {
    const unsigned = new UnsecuredJWT({ ...claims, jti: '1' }).encode();
    const hmac = new SignJWT({ ...claims, jti: '2' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.alloc(32));
    for (const text of [unsigned, hmac, assertion({}, stranger.privateKey), 'a.b.c', 'x'])
      expect(await withAssertion(text, { client_id: 'with-key' })).toBe('invalid_client: assertion');
  });

  it('is refused for a client that has secrets, or none such', async () => {
    for (const client_id of ['with secret', 'nobody'])
      expect(await withAssertion(assertion(), { client_id })).toBe('invalid_client: unknown_client');
    expect(await withAssertion('x.y.z')).toBe('invalid_client: unknown_client');
  });
});

describe('a request', () => {
  const header = basic('with+secret', 's%2Bcr%C3%A9t%3A');
  it.each<readonly [string, Record<string, string>, readonly string[]]>([
    ['Basic and an assertion', { client_assertion: 'x', client_assertion_type: assertionType }, [header]],
    ['Basic and a secret in the body', { client_id: 'with secret', client_secret: 'x' }, [header]],
    [
      'an assertion and a secret',
      { client_id: 'a', client_secret: 'x', client_assertion: 'x', client_assertion_type: assertionType },
      [],
    ],
    ['two Authorization headers', {}, [header, header]],
    ['two different client ids', { client_id: 'with-key' }, [header]],
    ['an assertion without its type', { client_assertion: 'x' }, []],
    ['a type without its assertion', { client_assertion_type: assertionType }, []],
    ['a secret without a client id', { client_secret: 'x' }, []],
  ])(
    verifies('tb:client-auth', 'X13: with %s is malformed (RFC 6749 §2.3)'),
    async (_what, body, headers) => {
      expect(await outcome(attempt(body, ...headers))).toMatch(/^invalid_request: /);
    },
  );

  it('without a credential is refused', async () => {
    expect(await outcome(attempt({ client_id: 'with-key' }))).toBe('invalid_client: no_client_credential');
  });

  it('with an assertion of another type is refused', async () => {
    const body = {
      client_assertion: 'x',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
    };
    expect(await outcome(attempt(body))).toBe('invalid_client: client_assertion_type');
  });
});
