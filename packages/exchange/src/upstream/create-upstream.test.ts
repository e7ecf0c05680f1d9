import { generateKeyPairSync } from 'node:crypto';
import { entra, generic, type IdpProfile, keycloak } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { createFakeIdp, type FakeIdp, type TokenAnswer } from '../../test/fake-idp.ts';
import { noon } from '../../test/setup.ts';
import type { Fetch } from './answer-fetch.ts';
import { createUpstream } from './create-upstream.ts';
import type { Upstream, UpstreamCredential } from './upstream.ts';

const issuer = 'https://idp.example/acme';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const secret: UpstreamCredential = {
  kind: 'client_secret_post',
  clientId: 'https://a.example/mcp',
  clientSecret: 's',
};
const asked = {
  client: 'a',
  subjectToken: 'subject-token',
  audience: 'api://expenses',
  scopes: ['api:expenses.read', 'api:expenses.write'],
  scopePrefix: 'api://expenses/',
  requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
};

function connect(
  over: {
    profile?: IdpProfile;
    credentials?: Record<string, UpstreamCredential>;
    fetch?: (idp: FakeIdp) => Fetch;
    discovered?: boolean;
    timeoutMs?: number;
  } = {},
): { idp: FakeIdp; upstream: Upstream; time: { now: number } } {
  const time = { now: noon };
  const now = () => time.now * 1000;
  const idp = createFakeIdp({ issuer, now });
  let randoms = 0;
  idp.answerWith(() => ({ access_token: 'token', token_type: 'Bearer', expires_in: 300 }));
  const upstream = createUpstream({
    issuer,
    tenant: 'acme',
    profile: over.profile ?? generic,
    ...(over.discovered === true ? {} : { tokenEndpoint: idp.tokenEndpoint }),
    credentials: over.credentials ?? { a: secret },
    fetch: over.fetch?.(idp) ?? idp.fetch,
    timeoutMs: over.timeoutMs ?? 200,
    now,
    random: () => `random-${++randoms}`,
  });
  return { idp, upstream, time };
}

const form = (idp: FakeIdp, index = 0) => Object.fromEntries(idp.requests[index]?.form ?? []);

describe('the on-behalf-of request of Entra', () => {
  it(
    verifies('tb:upstream-entra', 'has the parameters of the on-behalf-of flow, as MSAL sends them'),
    async () => {
      const { idp, upstream } = connect({ profile: entra });
      await upstream.exchange({ ...asked, claims: '{"access_token":{}}' });
      expect(form(idp)).toEqual({
        client_id: 'https://a.example/mcp',
        client_secret: 's',
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        requested_token_use: 'on_behalf_of',
        assertion: 'subject-token',
        scope:
          'api://expenses/api:expenses.read api://expenses/api:expenses.write openid profile offline_access',
        client_info: '1',
        claims: '{"access_token":{}}',
      });
    },
  );

  it(verifies('tb:upstream-entra', 'asks for all application permissions by /.default'), async () => {
    const { idp, upstream } = connect({ profile: entra });
    await upstream.clientCredentials(asked);
    expect(form(idp)).toMatchObject({ grant_type: 'client_credentials', scope: 'api://expenses/.default' });
  });

  it('cannot carry an actor token', async () => {
    const { upstream } = connect({ profile: entra });
    await expect(upstream.exchange({ ...asked, actorToken: 'x' })).rejects.toMatchObject({
      code: 'invalid_request',
      reason: 'actor_unsupported',
    });
  });
});

describe('the differences of RFC 8693 servers', () => {
  it.each([
    ['audience', { audience: 'api://expenses' }],
    ['resource', { resource: 'https://api.example/' }],
    ['scope', {}],
  ] as const)(
    verifies('tb:upstream-8693', 'are data: the target is named by %s'),
    async (targetParameter, named) => {
      const profile = { ...generic, exchange: { ...generic.exchange, targetParameter } };
      const { idp, upstream } = connect({ profile });
      await upstream.exchange({ ...asked, resource: 'https://api.example/' });
      const { audience, resource } = form(idp);
      expect({ ...(audience && { audience }), ...(resource && { resource }) }).toEqual(named);
    },
  );
});

describe('the credential that is shown', () => {
  it(verifies('tb:upstream-credential', "is the calling client's own, and never another's"), async () => {
    const other = { ...secret, clientId: 'https://b.example/mcp', clientSecret: 'secret-of-b' };
    const { idp, upstream } = connect({ credentials: { a: secret, b: other } });
    await upstream.exchange({ ...asked, client: 'b' });
    await upstream.exchange({ ...asked, client: 'a' });
    expect([form(idp, 0), form(idp, 1)]).toMatchObject([
      { client_id: 'https://b.example/mcp', client_secret: 'secret-of-b' },
      { client_id: 'https://a.example/mcp', client_secret: 's' },
    ]);
  });

  it.each(['stranger', '__proto__', 'constructor', ''])(
    verifies('tb:upstream-credential', 'is none for the client %j, which has none there'),
    async (client) => {
      const { idp, upstream } = connect();
      expect(upstream.registration(client)).toBeUndefined();
      await expect(upstream.exchange({ ...asked, client })).rejects.toMatchObject({
        code: 'unauthorized_client',
      });
      await expect(upstream.clientCredentials({ ...asked, client })).rejects.toMatchObject({
        code: 'unauthorized_client',
      });
      expect(idp.requests).toHaveLength(0);
    },
  );

  it('is form-urlencoded in the Basic scheme (RFC 6749 §2.3.1)', async () => {
    const { idp, upstream } = connect({ credentials: { a: { ...secret, kind: 'client_secret_basic' } } });
    await upstream.exchange(asked);
    const [scheme, value = ''] = (idp.requests[0]?.headers.get('authorization') ?? '').split(' ');
    expect(scheme).toBe('Basic');
    const halves = Buffer.from(value, 'base64').toString().split(':');
    expect(halves.map(decodeURIComponent)).toEqual(['https://a.example/mcp', 's']);
    expect(form(idp)).not.toHaveProperty('client_secret');
  });

  it.each([
    ['RSA', rsa, { kid: 'k1' }, { alg: 'RS256', kid: 'k1', typ: 'JWT' }],
    ['EC', ec, {}, { alg: 'ES256', typ: 'JWT' }],
    ['a certificate', rsa, { x5tS256: 'thumb' }, { alg: 'PS256', 'x5t#S256': 'thumb', typ: 'JWT' }],
  ])('can be an assertion signed with %s (RFC 7523 §3)', async (_what, pair, more, header) => {
    const credential = {
      kind: 'private_key_jwt',
      clientId: 'a-client',
      key: pair.privateKey,
      ...more,
    } as const;
    const { idp, upstream } = connect({ credentials: { a: credential } });
    await upstream.exchange(asked);
    const sent = form(idp);
    expect(sent.client_assertion_type).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const verified = await jwtVerify(sent.client_assertion ?? '', pair.publicKey, {
      currentDate: new Date(noon * 1000),
    });
    expect(verified.protectedHeader).toEqual(header);
    expect(verified.payload).toEqual({
      iss: 'a-client',
      sub: 'a-client',
      aud: issuer,
      jti: 'random-1',
      iat: noon,
      nbf: noon,
      exp: noon + 60,
    });
  });

  it('is a fresh assertion each time where it may not be sent again', async () => {
    const credential = { kind: 'private_key_jwt', clientId: 'a', key: ec.privateKey } as const;
    const { idp, upstream } = connect({ profile: keycloak, credentials: { a: credential } });
    await upstream.exchange(asked);
    await upstream.exchange(asked);
    expect(form(idp, 0).client_assertion).not.toBe(form(idp, 1).client_assertion);
  });

  it('is one assertion for nine minutes of its ten where it may (Entra)', async () => {
    const credential = { kind: 'private_key_jwt', clientId: 'a', key: rsa.privateKey, x5tS256: 't' } as const;
    const { idp, upstream, time } = connect({ profile: entra, credentials: { a: credential } });
    for (const second of [0, 539, 540]) {
      time.now = noon + second;
      await upstream.exchange(asked);
    }
    const sent = idp.requests.map(({ form }) => form.get('client_assertion'));
    expect(sent[0]).toBe(sent[1]);
    expect(sent[1]).not.toBe(sent[2]);
  });

  it('is a federated assertion, asked for anew each time', async () => {
    let issued = 0;
    const credential = {
      kind: 'federated',
      clientId: 'a',
      assertion: async () => `workload-${++issued}`,
    } as const;
    const { idp, upstream } = connect({ profile: entra, credentials: { a: credential } });
    await upstream.exchange(asked);
    await upstream.exchange(asked);
    expect(idp.requests.map(({ form }) => form.get('client_assertion'))).toEqual([
      'workload-1',
      'workload-2',
    ]);
  });

  it('is refused at start when its key cannot sign', () => {
    const credentials = { a: { kind: 'private_key_jwt', clientId: 'a', key: ec.publicKey } as const };
    expect(() => connect({ credentials })).toThrow(TypeError);
  });
});

describe('the token endpoint', () => {
  it('is found by discovery, once', async () => {
    const { idp, upstream } = connect({ discovered: true });
    await Promise.all([upstream.exchange(asked), upstream.exchange(asked)]);
    await upstream.exchange(asked);
    expect(idp.requests).toHaveLength(3);
    expect([...idp.issuer.requests.values()].reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it('is looked for again after discovery failed', async () => {
    const { idp, upstream } = connect({ discovered: true });
    idp.issuer.faults.set('error');
    await expect(upstream.exchange(asked)).rejects.toMatchObject({ code: 'temporarily_unavailable' });
    idp.issuer.faults.set(undefined);
    await expect(upstream.exchange(asked)).resolves.toMatchObject({ accessToken: 'token' });
  });

  it.each(['http://idp.example/token', 'ftp://idp.example/token', 'http://127.0.0.1.evil.example/token'])(
    'is refused at start when it is %s',
    (tokenEndpoint) => {
      const options = {
        issuer,
        tenant: 'acme',
        profile: generic,
        credentials: {},
        now: () => 0,
        random: () => '',
      };
      expect(() => createUpstream({ ...options, tokenEndpoint, fetch: () => Promise.reject() })).toThrow(
        TypeError,
      );
    },
  );
});

describe('an answer', () => {
  const answer = (body: TokenAnswer) => {
    const connected = connect();
    connected.idp.answerWith(() => body);
    return connected.upstream.exchange(asked);
  };
  const body = { access_token: 'token', token_type: 'bearer', expires_in: 300 };
  const json = (text: string, status = 200, headers = {}) =>
    new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } });

  it('is reduced to what is used: no refresh token, no ID token', async () => {
    const more = { refresh_token: 'r', id_token: 'i', ext_expires_in: 300, client_info: 'c', scope: 'a  b' };
    expect(await answer({ ...body, ...more, issued_token_type: 'urn:x' })).toEqual({
      accessToken: 'token',
      expiresIn: 300,
      scope: ['a', 'b'],
      issuedTokenType: 'urn:x',
    });
  });

  it.each([
    ['missing', undefined, undefined],
    ['a text', '3599', 3599],
    ['0', 0, 0],
    ['1e12', 1e12, 1e12],
  ])('P01: with expires_in %s is read as it is', async (_what, expires_in, expiresIn) => {
    expect((await answer({ ...body, expires_in })).expiresIn).toBe(expiresIn);
  });

  it.each([
    ['P01: expires_in -1', Response.json({ ...body, expires_in: -1 })],
    ['P01: expires_in that is no number', Response.json({ ...body, expires_in: 'soon' })],
    ['P01: expires_in NaN', json('{"access_token":"t","token_type":"Bearer","expires_in":NaN}')],
    ['P01: token_type N_A', Response.json({ ...body, token_type: 'N_A' })],
    ['P01: token_type DPoP', Response.json({ ...body, token_type: 'DPoP' })],
    ['P01: no token_type', Response.json({ ...body, token_type: undefined })],
    ['no access_token', Response.json({ ...body, access_token: undefined })],
    ['an access_token that is no text', Response.json({ ...body, access_token: {} })],
    ['a scope that is no text', Response.json({ ...body, scope: ['a'] })],
    ['P02: HTML', new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    [
      'P02: JSON that says it is text',
      new Response(JSON.stringify(body), { headers: { 'content-type': 'text/plain' } }),
    ],
    ['P02: truncated JSON', json('{"access_token":"t","token_ty')],
    ['P02: a list', json('[]')],
    ['P02: 10 MB', json(JSON.stringify({ ...body, padding: 'x'.repeat(10_000_000) }))],
    ['P02: nothing', json('')],
    ['a redirect', new Response(null, { status: 302, headers: { location: 'https://evil.example/' } })],
    ['201', Response.json(body, { status: 201 })],
    ['an HTML error', new Response('<html>', { status: 403, headers: { 'content-type': 'text/html' } })],
  ])('%s cannot be used: bad_gateway', async (_what, response) => {
    await expect(answer(response)).rejects.toMatchObject({ code: 'bad_gateway', status: 502 });
  });

  it.each([
    ['P05: 429 with Retry-After', json('{}', 429, { 'retry-after': '17' }), 17],
    ['P05: 503 with Retry-After', new Response('busy', { status: 503, headers: { 'retry-after': '9' } }), 9],
    [
      'P05: 503 with a date',
      json('{}', 503, { 'retry-after': new Date((noon + 40) * 1000).toUTCString() }),
      40,
    ],
    ['500 with HTML', new Response('<html>', { status: 500, headers: { 'content-type': 'text/html' } }), 5],
    [
      'E07: the loop of Entra',
      json('{"error":"invalid_grant","error_codes":[50196]}', 400, { 'retry-after': '60' }),
      60,
    ],
  ])(verifies('tb:error-map', '%s is temporarily_unavailable'), async (_what, response, retryAfter) => {
    const { idp, upstream } = connect({ profile: entra });
    idp.answerWith(() => response);
    await expect(upstream.exchange(asked)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      status: 503,
      retryAfter,
    });
    expect(idp.requests).toHaveLength(1);
  });

  it(verifies('tb:error-map', 'E04: AADSTS500131 is server_error, and is not tried again'), async () => {
    const { idp, upstream } = connect({ profile: entra });
    idp.answerWith(() => json('{"error":"invalid_grant","error_codes":[500131]}', 400));
    await expect(upstream.exchange(asked)).rejects.toMatchObject({
      code: 'server_error',
      reason: 'upstream_configuration',
    });
    expect(idp.requests).toHaveLength(1);
  });

  it(verifies('tb:error-map', 'of 401 is read from its body, though it has a challenge'), async () => {
    const refusal = json('{"error":"invalid_client"}', 401, { 'www-authenticate': 'Basic realm="idp"' });
    await expect(answer(refusal)).rejects.toMatchObject({
      code: 'server_error',
      reason: 'upstream_credential',
    });
  });

  it(verifies('tb:no-store', 'of an error keeps its codes for the log and none of its text'), async () => {
    const refusal = json(
      '{"error":"invalid_grant","error_description":"the token eyJhbGciOi…","trace_id":"t-1"}',
      400,
    );
    const error = await answer(refusal).catch((thrown: Error) => thrown);
    const said = String((error as Error).cause) + JSON.stringify(error) + (error as Error).message;
    expect(said).toContain('t-1');
    expect(said).not.toContain('eyJ');
  });
});

describe('no answer', () => {
  it('P04: within the deadline is temporarily_unavailable', async () => {
    const hang: Fetch = (_url, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const { upstream } = connect({ fetch: () => hang, timeoutMs: 50 });
    await expect(upstream.exchange(asked)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'upstream_unreachable',
      retryAfter: 5,
    });
  });

  it.each([
    ['a reset connection', Object.assign(new TypeError('fetch failed'), { cause: new Error('ECONNRESET') })],
    ['a name that is not found', new TypeError('fetch failed')],
  ])('P04: by %s is temporarily_unavailable', async (_what, error) => {
    const { upstream } = connect({ fetch: () => () => Promise.reject(error) });
    await expect(upstream.exchange(asked)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      cause: error,
    });
  });

  it('P04: to its end is temporarily_unavailable', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('ECONNRESET')) });
    const { upstream } = connect({
      fetch: () => async () => new Response(broken, { headers: { 'content-type': 'application/json' } }),
    });
    await expect(upstream.exchange(asked)).rejects.toMatchObject({ code: 'temporarily_unavailable' });
  });
});
