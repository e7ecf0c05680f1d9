import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifies } from '@mcp-obo/testbed/verifies';
import express from 'express';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noon, resource, setUp } from '../test/platform.ts';
import { expressAuthenticate } from './express.ts';
import { fastifyAuthenticate } from './fastify.ts';
import type { AuthenticatorOptions, Outcome } from './index.ts';

const resourceMetadataUrl = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';
const { idp, validator } = setUp();
const outcomes: Outcome[] = [];
const options: AuthenticatorOptions = {
  validator,
  resource,
  resourceMetadataUrl,
  scope: 'mcp:tools:execute expenses:read',
  onOutcome: (outcome) => outcomes.push(outcome),
};

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

type Send = (request: { headers?: string[]; path?: string; body?: string }) => Promise<Answer>;

/** A client that sends headers as they are given, repeated ones included. */
function sender(port: number): Send {
  return ({ headers = [], path = '/mcp', body }) =>
    new Promise((resolve, reject) => {
      const raw = [
        'Host',
        'attacker.example',
        'Content-Type',
        'application/x-www-form-urlencoded',
        ...headers,
      ];
      const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))];
      const request = httpRequest(
        { host: '127.0.0.1', port, path, method: 'POST', headers: [...raw, ...length] },
        (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () =>
            resolve({ status: response.statusCode, headers: response.headers, body: text }),
          );
        },
      );
      request.on('error', reject);
      request.end(body);
    });
}

async function startFastify(authenticator: AuthenticatorOptions) {
  const app = fastify();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, body),
  );
  app.post('/mcp', { onRequest: fastifyAuthenticate(authenticator) }, async ({ grant, credential }) => ({
    subject: grant?.subject,
    tenant: grant?.tenant,
    client: grant?.client,
    url: credential?.url,
  }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { send: sender((app.server.address() as AddressInfo).port), close: () => app.close() };
}

async function startExpress(authenticator: AuthenticatorOptions) {
  const app = express();
  const routes = express.Router();
  routes.post(
    '/',
    expressAuthenticate(authenticator),
    express.urlencoded(),
    ({ grant, credential }, response) => {
      response.json({
        subject: grant?.subject,
        tenant: grant?.tenant,
        client: grant?.client,
        url: credential?.url,
      });
    },
  );
  app.use('/mcp', routes);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    send: sender((server.address() as AddressInfo).port),
    close: () => new Promise<unknown>((resolve) => server.close(resolve)),
  };
}

describe.each([
  ['Fastify', startFastify],
  ['Express', startExpress],
])('a route of %s', (_, start) => {
  let server: Awaited<ReturnType<typeof startFastify>> | Awaited<ReturnType<typeof startExpress>>;
  let send: Send;
  beforeAll(async () => {
    server = await start(options);
    send = server.send;
  });
  afterAll(() => server.close());

  const bareChallenge = `Bearer scope="mcp:tools:execute expenses:read", resource_metadata="${resourceMetadataUrl}"`;

  it('lets a valid token through, with its grant', async () => {
    const { status, body } = await send({ headers: ['Authorization', `Bearer ${await idp.mint()}`] });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      subject: 'user-1',
      tenant: 'acme',
      client: 'client-1',
      url: resource,
    });
    expect(outcomes.at(-1)).toMatchObject({ kind: 'accepted', grant: { subject: 'user-1' } });
  });

  it.each([
    ['no Authorization header (R01)', {}],
    ['the Basic scheme (R02)', { headers: ['Authorization', 'Basic dTpw'] }],
    ['a token in the query (R05)', { path: '/mcp?access_token=TOKEN' }],
    ['a token in the body', { body: 'access_token=TOKEN' }],
    ['a token in a cookie', { headers: ['Cookie', 'access_token=TOKEN; Authorization=Bearer TOKEN'] }],
  ])(
    verifies(
      ['rs:no-token', 'rs:header-only'],
      'answers %s with a bare challenge (RFC 6750 §3.1, RFC 9728 §5.1)',
    ),
    async (__, request: { headers?: string[]; path?: string; body?: string }) => {
      const token = await idp.mint();
      const filled = JSON.parse(JSON.stringify(request).replaceAll('TOKEN', token));
      const { status, headers, body } = await send(filled);
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe(bareChallenge);
      expect(headers['cache-control']).toBe('no-store');
      expect(body).not.toContain('error');
      expect(outcomes.at(-1)?.kind).toBe('absent');
    },
  );

  it.each([
    ['"Bearer" alone (R03)', { headers: ['Authorization', 'Bearer'] }],
    ['two words (R03)', { headers: ['Authorization', 'Bearer a b'] }],
    ['nothing in the header', { headers: ['Authorization', ''] }],
    ['two headers (R04)', { headers: ['Authorization', 'Bearer a', 'Authorization', 'Bearer b'] }],
    ['header and query (R06)', { headers: ['Authorization', 'Bearer a'], path: '/mcp?access_token=b' }],
  ])(verifies('rs:malformed', 'answers %s with 400 invalid_request (RFC 6750 §3.1)'), async (__, request) => {
    const { status, headers, body } = await send(request);
    expect(status).toBe(400);
    expect(headers['www-authenticate']).toMatch(/^Bearer error="invalid_request"/);
    expect(JSON.parse(body)).toMatchObject({ error: 'invalid_request' });
  });

  it.each([
    ['one word that is no token (R07)', () => 'a+/~='],
    ['an expired token', () => idp.mint({ exp: noon - 60 })],
    ['a token for another API', () => idp.mint({ aud: 'https://other.example' })],
    ['a token over 8 KiB (R09)', () => 'x'.repeat(8193)],
  ])(
    verifies(
      ['rs:invalid-token', 'rs:malformed', 'rs:size'],
      'answers %s with 401 invalid_token and one message',
    ),
    async (__, token) => {
      const { status, headers, body } = await send({ headers: ['Authorization', `Bearer ${await token()}`] });
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe(
        'Bearer error="invalid_token", error_description="The access token is not valid.", ' +
          `scope="mcp:tools:execute expenses:read", resource_metadata="${resourceMetadataUrl}"`,
      );
      expect(JSON.parse(body)).toEqual({
        error: 'invalid_token',
        error_description: 'The access token is not valid.',
      });
    },
  );

  it(
    verifies('rs:identity', 'takes user, client and tenant from the token, whatever headers and body say'),
    async () => {
      const headers = Object.entries({
        'X-User': 'root',
        'X-Forwarded-User': 'root',
        'X-Tenant': 'globex',
        'X-Client-Id': 'evil',
        'X-Forwarded-Host': 'evil.example',
      }).flat();
      const { body } = await send({
        headers: [...headers, 'Authorization', `Bearer ${await idp.mint()}`],
        path: '/mcp?sub=root&tenant=globex',
        body: 'sub=root&client_id=evil&tenant=globex',
      });
      expect(JSON.parse(body)).toEqual({
        subject: 'user-1',
        tenant: 'acme',
        client: 'client-1',
        url: resource,
      });
    },
  );

  it(
    verifies('rs:jwks-unreachable', 'answers with 503 and Retry-After when keys cannot be had'),
    async () => {
      const down = setUp();
      down.idp.faults.set('error');
      const other = await start({ ...options, validator: down.validator });
      const { status, headers, body } = await other.send({
        headers: ['Authorization', `Bearer ${await down.idp.mint()}`],
      });
      await other.close();
      expect(status).toBe(503);
      expect(headers['retry-after']).toBe('1');
      expect(headers['www-authenticate']).toBeUndefined();
      expect(JSON.parse(body)).toMatchObject({ error: 'temporarily_unavailable' });
    },
  );

  it('answers a fault of its own with 500 and says nothing of it', async () => {
    const broken = { ...validator, validate: () => Promise.reject(new Error('secret detail')) };
    const other = await start({ ...options, validator: broken });
    const { status, headers, body } = await other.send({ headers: ['Authorization', 'Bearer a.b.c'] });
    await other.close();
    expect(status).toBe(500);
    expect(headers['www-authenticate']).toBeUndefined();
    expect(JSON.parse(body)).toEqual({
      error: 'server_error',
      error_description: 'The request could not be served.',
    });
  });
});
