import { entra } from '@mcp-obo/idp-profile';
import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { asked, connect } from '../../test/connect-upstream.ts';
import type { TokenAnswer } from '../../test/fake-idp.ts';
import { noon } from '../../test/setup.ts';
import type { Fetch } from './answer-fetch.ts';

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
    ['a guarded fetch', new OAuthError('temporarily_unavailable', 'Nobody answers.', { reason: 'timeout' })],
  ])('P04: by %s is temporarily_unavailable, with the time to wait', async (_what, error) => {
    const { upstream } = connect({ fetch: () => () => Promise.reject(error) });
    await expect(upstream.exchange(asked)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      retryAfter: 5,
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
