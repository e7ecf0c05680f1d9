import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startBroker, tokenAnswer } from './fixture/broker.ts';
import { type Behaviour, claimsOf, sendJson, tokenResponse } from './fixture/upstream.ts';

const broker = await startBroker();
afterAll(broker.close);
const { upstream } = broker;
afterEach(() => upstream.behave(undefined));
const ask = async () => broker.exchange(await broker.subject());

/** An answer that is right but for these members; `raw` is put in as it is. */
const answerWith =
  (members: object, raw?: { readonly name: string; readonly text: string }): Behaviour =>
  async (response, form) => {
    const body = { ...tokenResponse(await upstream.exchange(form), form), ...members };
    const text = JSON.stringify(raw === undefined ? body : { ...body, [raw.name]: '@' });
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(raw === undefined ? text : text.replace('"@"', raw.text));
  };
const expiresIn = (text: string) => answerWith({}, { name: 'expires_in', text });
const unusable = {
  status: 502,
  error: 'server_error',
  error_description: 'The authorization server sent an answer that cannot be used.',
};

describe('an answer that says nonsense about its life', () => {
  it.each([
    ['is missing', answerWith({ expires_in: undefined })],
    ['is a year', expiresIn('31536000')],
    ['is 1e12', expiresIn('1000000000000')],
    ['is the text "3599"', expiresIn('"3599"')],
  ])(
    verifies(
      'tb:cache-ttl',
      'P01 expires_in %s: the life of the token counts, and the hit says what remains',
    ),
    async (_case, behaviour) => {
      upstream.behave(behaviour);
      const token = await broker.subject();
      const before = upstream.requests.length;
      for (const answer of [await broker.exchange(token), await broker.exchange(token)]) {
        const { status, expires_in: seconds } = tokenAnswer(answer);
        expect(status).toBe(200);
        expect(Number(seconds)).toBeGreaterThan(280);
        expect(Number(seconds)).toBeLessThanOrEqual(300);
      }
      expect(upstream.requests.length - before).toBe(1);
    },
  );

  it.each([
    ['is 0', expiresIn('0')],
    ['is -1', expiresIn('-1')],
    ['is a word', expiresIn('"soon"')],
    ['is NaN, which is no JSON', expiresIn('NaN')],
    ['is null', expiresIn('null')],
    ['is 1e999', expiresIn('1e999')],
  ])(
    verifies(['tb:cache-ttl', 'tb:error-map'], 'P01 expires_in %s: 502, and it is not kept'),
    async (_case, behaviour) => {
      upstream.behave(behaviour);
      const token = await broker.subject();
      expect(tokenAnswer(await broker.exchange(token))).toMatchObject({ status: 502, error: 'server_error' });
      upstream.behave(undefined);
      const before = upstream.requests.length;
      expect((await broker.exchange(token)).status).toBe(200);
      expect(upstream.requests.length - before).toBe(1);
    },
  );

  it.each(['mac', 'DPoP', 'N_A', ''])(
    verifies('tb:error-map', 'P01 token_type %s: 502'),
    async (token_type) => {
      upstream.behave(answerWith({ token_type }));
      expect(tokenAnswer(await ask())).toEqual(unusable);
    },
  );

  it.each([
    ['for another user', { sub: 'user-2' }],
    ['for another audience', { aud: 'api://ledger' }],
    ['for us and another audience', { aud: ['api://expenses', 'api://ledger'] }],
    ['with a scope above the ceiling', { scope: 'api:expenses.read api:expenses.admin' }],
    ['of another issuer', { iss: 'https://evil.example' }],
    [
      'that is expired',
      { exp: Math.floor(Date.now() / 1000) - 60, iat: Math.floor(Date.now() / 1000) - 120 },
    ],
  ])(verifies('tb:narrow-only', 'P01 a token %s: 502, and it is not kept'), async (_case, claims) => {
    const token = await broker.subject();
    upstream.behave(async (response, form) =>
      sendJson(response, 200, tokenResponse(await upstream.exchange(form, claims), form)),
    );
    expect(tokenAnswer(await broker.exchange(token))).toMatchObject({ status: 502, error: 'server_error' });
    upstream.behave(undefined);
    const { access_token: good } = tokenAnswer(await broker.exchange(token));
    expect(claimsOf(String(good))).toMatchObject({
      sub: 'user-1',
      aud: 'api://expenses',
      scope: 'api:expenses.read',
    });
  });
});

describe('an answer that is none', () => {
  const json = { 'content-type': 'application/json' };
  it.each<[string, Behaviour]>([
    [
      'HTML',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
    ],
    ['JSON that is cut off', (response) => void response.writeHead(200, json).end('{"access_token":"x')],
    ['nothing', (response) => void response.writeHead(200, json).end()],
    ['a JSON list', (response) => void response.writeHead(200, json).end('[]')],
    ['JSON without a token', (response) => void response.writeHead(200, json).end('{"token_type":"Bearer"}')],
    [
      'a form',
      (response) =>
        void response
          .writeHead(200, { 'content-type': 'text/plain' })
          .end('access_token=x&token_type=Bearer'),
    ],
    ['a token that is none', answerWith({ access_token: 'opaque' })],
    [
      'a refresh token alone',
      (response) => sendJson(response, 200, { refresh_token: 'x', token_type: 'Bearer' }),
    ],
  ])(verifies('tb:error-map', 'P02 200 with %s: 502'), async (_case, behaviour) => {
    upstream.behave(behaviour);
    expect(tokenAnswer(await ask())).toMatchObject({ status: 502, error: 'server_error' });
  });

  it(verifies('tb:error-map', 'P02 10 MB: given up on the way, the connection closed'), async () => {
    let written = 0;
    const closed = new Promise<void>((resolve) => {
      upstream.behave((response) => {
        response.once('close', resolve);
        response.writeHead(200, json);
        const chunk = ' '.repeat(64 * 1024);
        const pump = () => {
          while (written < 10_000_000 && !response.destroyed) {
            written += chunk.length;
            if (!response.write(chunk)) return void response.once('drain', pump);
          }
          response.end();
        };
        pump();
      });
    });
    expect(tokenAnswer(await ask())).toMatchObject({ status: 502, error: 'server_error' });
    await closed;
    expect(written).toBeLessThan(10_000_000);
  });

  it.each([301, 302, 307, 308])(
    verifies('tb:upstream-credential', 'P02 a redirect by %i is not followed with our credential'),
    async (status) => {
      const before = upstream.requests.length;
      upstream.behave((response) => void response.writeHead(status, { location: upstream.url }).end());
      expect(tokenAnswer(await ask())).toMatchObject({ status: 502, error: 'server_error' });
      expect(upstream.requests.length - before).toBe(1);
    },
  );
});

it(verifies('op:redaction', 'P02 no part of any token or secret is in log or audit'), () => {
  expect(broker.leaks()).toEqual([]);
});
