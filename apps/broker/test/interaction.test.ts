import { verifies } from '@mcp-obo/testbed/verifies';
import { beforeAll, describe, expect, it } from 'vitest';
import { accessTokenType, asReports, createFixture, type Fixture, type Form } from './fixture.ts';
import { brokerSettings } from './settings.ts';

const callback = 'https://mcp.example/interaction/callback';
const secret = (letter: string) => letter.repeat(43);
let fixture: Fixture;

beforeAll(async () => {
  const settings = await brokerSettings('https://idp.example/acme', 'https://idp.example/globex');
  const clients = (settings.clients as readonly { readonly id: string }[]).map((client) =>
    client.id === 'mcp-server' ? { ...client, redirect_uris: [callback] } : client,
  );
  fixture = await createFixture({ config: { clients } });
});

/** A start that is right but for these parameters. */
async function start(over: Form = {}, headers: Record<string, string> = {}, query = '') {
  const form = {
    subject_token: over.subject_token ?? (await fixture.subject({ preferred_username: 'alice' })),
    subject_token_type: accessTokenType,
    audience: 'expenses-api',
    scope: 'api:expenses.read',
    reason: 'consent_required',
    redirect_uri: callback,
    state: secret('s'),
    nonce: secret('n'),
    code_challenge: secret('c'),
    code_challenge_method: 'S256',
    ...over,
  };
  return await fixture.post(form, { url: `/interaction/start${query}`, headers });
}

const finish = (over: Form = {}, headers: Record<string, string> = {}) =>
  fixture.post(
    {
      issuer: 'https://idp.example/acme',
      user: 'user-alice',
      redirect_uri: callback,
      response: `code=c&state=${secret('s')}`,
      state: secret('s'),
      nonce: secret('n'),
      code_verifier: secret('v'),
      ...over,
    },
    { url: '/interaction/finish', headers },
  );

describe('the start of an interaction', () => {
  it(
    verifies('tb:consent', 'is an authorization request of the client’s own registration, with PKCE'),
    async () => {
      const answer = await start();
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      const url = new URL(answer.json().authorization_url);
      expect(url.origin).toBe('https://idp.example');
      expect(Object.fromEntries(url.searchParams)).toEqual({
        client_id: 'https://mcp.example/mcp',
        response_type: 'code',
        redirect_uri: callback,
        scope: 'openid profile api:expenses.read',
        audience: 'api://expenses',
        state: secret('s'),
        nonce: secret('n'),
        code_challenge: secret('c'),
        code_challenge_method: 'S256',
        prompt: 'consent',
        login_hint: 'alice',
      });
    },
  );

  it(verifies('tb:consent', 'asks for consent anew only where consent is what is missing'), async () => {
    const answer = await start({ reason: 'interaction_required' });
    expect(new URL(answer.json().authorization_url).searchParams.has('prompt')).toBe(false);
  });

  it.each<readonly [string, Form, object]>([
    ['any login of the user', {}, {}],
    ['a fresh one', { max_age: '300' }, { prompt: 'login', max_age: '300' }],
    ['one at once', { max_age: '0' }, { prompt: 'login', max_age: '0' }],
    ['a strong one', { acr_values: 'mfa hwk' }, { prompt: 'login', acr_values: 'mfa hwk' }],
  ])(verifies('sc:step-up', 'asks for %s and for no access (RFC 9470 §4)'), async (_case, demand, asked) => {
    const answer = await start({ reason: 'login_required', audience: '', scope: '', ...demand });
    expect(answer.statusCode).toBe(200);
    expect(Object.fromEntries(new URL(answer.json().authorization_url).searchParams)).toEqual({
      client_id: 'https://mcp.example/mcp',
      response_type: 'code',
      redirect_uri: callback,
      scope: 'openid profile',
      state: secret('s'),
      nonce: secret('n'),
      code_challenge: secret('c'),
      code_challenge_method: 'S256',
      login_hint: 'alice',
      ...asked,
    });
  });

  it.each<readonly [string, Form, string]>([
    ['an age that is none', { max_age: '-1' }, 'invalid_request'],
    ['an age in words', { max_age: '5m' }, 'invalid_request'],
    ['a foreign redirect URI', { redirect_uri: 'https://evil.example/' }, 'unauthorized_client'],
    ['a subject token that is none', { subject_token: 'x.y.z' }, 'invalid_request'],
  ])(verifies('sc:step-up', 'asks for no login with %s'), async (_case, over, error) => {
    expect((await start({ reason: 'login_required', ...over })).json()).toMatchObject({ error });
  });

  it.each<readonly [string, Form, number, string]>([
    [
      'a redirect URI that is not registered',
      { redirect_uri: 'https://evil.example/' },
      400,
      'unauthorized_client',
    ],
    ['a redirect URI with something behind it', { redirect_uri: `${callback}/` }, 400, 'unauthorized_client'],
    ['an unknown target', { audience: 'nothing' }, 400, 'invalid_target'],
    [
      'a target that the policy does not allow',
      { audience: 'ledger', scope: 'ledger.read' },
      400,
      'invalid_target',
    ],
    ['a scope above the policy', { scope: 'api:expenses.approve' }, 400, 'invalid_scope'],
    ['a challenge that is the verifier', { code_challenge_method: 'plain' }, 400, 'invalid_request'],
    ['no challenge', { code_challenge: '' }, 400, 'invalid_request'],
    ['a state that can be guessed', { state: '1' }, 400, 'invalid_request'],
    ['a nonce that can be guessed', { nonce: '1' }, 400, 'invalid_request'],
    ['a reason of its own', { reason: 'phishing' }, 400, 'invalid_request'],
    ['a subject token that is none', { subject_token: 'x.y.z' }, 400, 'invalid_request'],
  ])(verifies('tb:consent', 'is refused with %s'), async (_case, over, status, error) => {
    const answer = await start(over);
    expect([answer.statusCode, answer.json().error]).toEqual([status, error]);
  });

  it(
    verifies('tb:consent', 'is refused to a client without a redirect URI, and to nobody known'),
    async () => {
      expect((await start({}, asReports)).json()).toMatchObject({ error: 'unauthorized_client' });
      const answer = await start({}, { authorization: 'Basic bm9ib2R5Ong=' });
      expect([answer.statusCode, answer.json().error]).toEqual([401, 'invalid_client']);
    },
  );

  it(verifies(['tb:consent', 'tb:no-store'], 'is refused with a token in the address'), async () => {
    expect((await start({}, {}, '?subject_token=t')).json()).toMatchObject({ error: 'invalid_request' });
  });
});

describe('the end of an interaction', () => {
  it(verifies('tb:consent', 'is refused when the issuer says no'), async () => {
    const answer = await finish({ response: `error=access_denied&state=${secret('s')}` });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      403,
      { error: 'access_denied', suberror: 'interaction_refused' },
    ]);
  });

  it.each<readonly [string, Form, string]>([
    ['a state that is not the one', { response: `code=c&state=${secret('t')}` }, 'invalid_grant'],
    ['no state', { response: 'code=c' }, 'invalid_grant'],
    ['two codes', { response: `code=c&code=d&state=${secret('s')}` }, 'invalid_grant'],
    ['no code', { response: `state=${secret('s')}` }, 'invalid_grant'],
    [
      'a redirect URI that is not registered',
      { redirect_uri: 'https://evil.example/' },
      'unauthorized_client',
    ],
  ])(verifies('tb:consent', 'is refused with %s, and nothing is redeemed'), async (_case, over, error) => {
    const before = fixture.acme.requests.length;
    expect((await finish(over)).json()).toMatchObject({ error });
    expect(fixture.acme.requests.length).toBe(before);
  });

  it(verifies('tb:consent', 'is refused for a user of an issuer that nobody configured'), async () => {
    expect((await finish({ issuer: 'https://evil.example' })).statusCode).toBe(500);
  });
});
