import type { KeyObject } from 'node:crypto';
import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { basic, resources, startBroker, tokenAnswer } from './fixture/broker.ts';
import { assertionType, clientAssertion } from './fixture/client-assertion.ts';

const broker = await startBroker();
afterAll(broker.close);
const now = Math.floor(Date.now() / 1000);
const refused = { status: 401, error: 'invalid_client', error_description: 'Client authentication failed.' };

/** A client assertion with these changes. */
const assertion = (claims: object = {}, header: object = {}, key: KeyObject | null = broker.signerKey) =>
  clientAssertion(broker, { claims, header, key });
const present = async (client_assertion: string, more: object = {}) =>
  broker.exchange(await broker.subject({ aud: resources.signer }), {
    client_assertion,
    client_assertion_type: assertionType,
    ...more,
  });

describe('a client secret', () => {
  it.each([
    ['is wrong', basic('mcp-server', 'wrong')],
    ['is of another client', basic('mcp-server', 'secret-of-other')],
    ['is empty', basic('mcp-server', '')],
    ['is of a client nobody knows', `Basic ${Buffer.from('nobody:secret').toString('base64')}`],
    ['is of a client that has none', `Basic ${Buffer.from('signer:secret').toString('base64')}`],
  ])(
    verifies('tb:client-auth', 'X12 by Basic that %s: 401 with a Basic challenge, one message'),
    async (_case, authorization) => {
      const answer = await broker.exchange(await broker.subject(), {}, { authorization });
      expect(tokenAnswer(answer)).toEqual(refused);
      expect(answer.headers['www-authenticate']).toBe('Basic realm="token", charset="UTF-8"');
    },
  );

  it(verifies('tb:client-auth', 'X12 in the body that is wrong: 401'), async () => {
    const form = { client_id: 'mcp-server', client_secret: 'wrong' };
    expect(tokenAnswer(await broker.exchange(await broker.subject(), form))).toEqual(refused);
    const right = { ...form, client_secret: 'secret-of-mcp-server' };
    expect((await broker.exchange(await broker.subject(), right)).status).toBe(200);
  });

  it.each([
    ['Basic and a client assertion', { client_assertion_type: assertionType, client_assertion: 'a.b.c' }],
    ['Basic and a secret in the body', { client_id: 'mcp-server', client_secret: 'secret-of-mcp-server' }],
  ])(verifies('tb:client-auth', 'X13 %s together: invalid_request'), async (_case, form) => {
    const answer = await broker.exchange(await broker.subject(), form, {
      authorization: basic('mcp-server'),
    });
    expect(tokenAnswer(answer)).toMatchObject({ status: 400, error: 'invalid_request' });
  });

  it(
    verifies('tb:client-auth', 'X13 an assertion and a secret in the body together: invalid_request'),
    async () => {
      const answer = await present(assertion(), { client_id: 'signer', client_secret: 'x' });
      expect(tokenAnswer(answer)).toMatchObject({ status: 400, error: 'invalid_request' });
    },
  );
});

describe('a client assertion', () => {
  it(
    verifies('tb:client-auth', 'X14 that is right is accepted once: its jti cannot be replayed'),
    async () => {
      const once = assertion();
      expect((await present(once)).status).toBe(200);
      expect(tokenAnswer(await present(once))).toEqual(refused);
      expect((await present(assertion())).status).toBe(200);
    },
  );

  it(verifies('tb:client-auth', 'X14 sent ten times at once is accepted once'), async () => {
    const once = assertion();
    const answers = await Promise.all(Array.from({ length: 10 }, () => present(once)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
  });

  const other = createSigningKey('ES256', 'signer-1');
  const otherKey = other.privateKey;
  it.each([
    ['that is expired', () => assertion({ iat: now - 200, exp: now - 100 })],
    ['that lives too long', () => assertion({ exp: now + 3600 })],
    ['without exp', () => assertion({ exp: undefined })],
    ['without jti', () => assertion({ jti: undefined })],
    ['for another audience', () => assertion({ aud: 'https://somebody.example' })],
    ['for us and another audience', () => assertion({ aud: [broker.url, 'https://somebody.example'] })],
    ['without audience', () => assertion({ aud: undefined })],
    ['whose iss is not its sub', () => assertion({ iss: 'other' })],
    ['whose sub is not its iss', () => assertion({ sub: 'other' })],
    ['of a client that has a secret', () => assertion({ iss: 'mcp-server', sub: 'mcp-server' })],
    ['with alg none', () => assertion({}, { alg: 'none' }, null)],
    ['with alg HS256', () => assertion({}, { alg: 'HS256' })],
    ['signed with another key', () => assertion({}, {}, otherKey)],
    [
      'with the key it was signed with inside',
      () => assertion({}, { kid: undefined, jwk: other.jwk }, otherKey),
    ],
    ['that is no JWT', () => 'assertion'],
  ])(verifies('tb:client-auth', 'X14 %s: invalid_client'), async (_case, make) => {
    expect(tokenAnswer(await present(make()))).toEqual(refused);
  });

  it(verifies('tb:client-auth', 'X14 of another type: refused'), async () => {
    const answer = await present(assertion(), {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
    });
    expect(tokenAnswer(answer)).toEqual(refused);
  });
});

it(verifies('op:redaction', 'X14 no part of any assertion or secret is in log or audit'), () => {
  expect(broker.leaks()).toEqual([]);
});
