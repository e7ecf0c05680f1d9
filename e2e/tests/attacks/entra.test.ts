import { entraIds } from '@mcp-obo/idp-doubles';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { messageOf, refusalOf } from './fixture/answers.ts';
import { tokenAnswer } from './fixture/broker.ts';
import { startEntraPlatform } from './fixture/entra.ts';

const platform = await startEntraPlatform();
afterAll(platform.close);
const { entra } = platform;
afterEach(() => entra.setBehaviour(undefined));
const sent: string[] = [];
const alicesToken = async (version?: 1 | 2) => {
  const token = await platform.alicesToken(version);
  sent.push(...token.split('.'));
  return token;
};
const answerOf = async (grant: 'token-exchange' | 'jwt-bearer') => {
  const answer = await platform.exchange(grant, await alicesToken());
  return { ...tokenAnswer(answer), retryAfter: answer.headers['retry-after'] };
};

describe.each([1, 2] as const)('a v%i.0 token of a tenant that issues both', (version) => {
  it.each(['token-exchange', 'jwt-bearer'] as const)(
    verifies(['tb:upstream-entra', 'rs:multi-issuer'], 'is exchanged for the same user by %s'),
    async (grant) => {
      const answer = await platform.exchange(grant, await alicesToken(version));
      expect(answer.status).toBe(200);
      const { access_token } = JSON.parse(answer.body) as { access_token: string };
      sent.push(...access_token.split('.'));
      expect(decodeJwt(access_token)).toMatchObject({ oid: entraIds.alice, aud: entraIds.expensesApi });
    },
  );

  it(
    verifies(['tb:upstream-entra', 'rs:multi-issuer'], 'is accepted and exchanged by one MCP server'),
    async () => {
      const token = await alicesToken(version);
      const answer = await platform.listExpenses(token);
      // Nobody listens where the API would be; what counts is how far the call came.
      expect(answer.status).toBe(503);
      expect(entra.requests.at(-1)?.get('assertion')).toBe(token);
    },
  );
});

describe('what Entra ID refuses', () => {
  it('E01 nothing: Alice’s token is exchanged by both grants', async () => {
    expect(await answerOf('token-exchange')).toMatchObject({ status: 200 });
    expect(await answerOf('jwt-bearer')).toMatchObject({ status: 200 });
  });

  it(
    verifies(
      'tb:error-map',
      'E01 AADSTS65001, no consent: 400 with suberror; the MCP server says so and never answers 500',
    ),
    async () => {
      entra.setBehaviour({ refuse: 65001 });
      expect(await answerOf('token-exchange')).toMatchObject({
        status: 400,
        error: 'consent_required',
        suberror: 'consent_required',
      });
      expect(await answerOf('jwt-bearer')).toMatchObject({
        status: 400,
        error: 'invalid_grant',
        suberror: 'consent_required',
      });
      const answer = await platform.listExpenses(await alicesToken());
      expect(answer.status).toBe(200);
      expect(messageOf(answer).result).toMatchObject({
        isError: true,
        content: [{ text: 'The user or an administrator must consent to the access of the target.' }],
      });
    },
  );

  it(
    verifies(
      'tb:error-map',
      'E01 AADSTS50076 with claims: the claims reach the client, as Base64 in the challenge',
    ),
    async () => {
      const claims = '{"access_token":{"capolids":{"essential":true,"values":["policy"]}}}';
      entra.setBehaviour({ refuse: 50076, claims });
      expect(await answerOf('jwt-bearer')).toMatchObject({
        status: 400,
        error: 'interaction_required',
        claims,
        suberror: 'basic_action',
      });
      const capable = await entra.mintUserToken({
        user: entraIds.alice,
        app: entraIds.mcpServer,
        claims: '{"access_token":{"xms_cc":{"values":["cp1"]}}}',
      });
      sent.push(...capable.split('.'));
      const { status, challenge } = refusalOf(await platform.listExpenses(capable));
      expect(status).toBe(401);
      expect(challenge).toContain('error="insufficient_claims"');
      expect(challenge).toContain(`claims="${Buffer.from(claims).toString('base64')}"`);
    },
  );

  it(
    verifies('tb:error-map', 'E01 AADSTS50173, the session was revoked: 401 invalid_token at the MCP server'),
    async () => {
      entra.setBehaviour({ refuse: 50173 });
      expect(await answerOf('token-exchange')).toMatchObject({
        status: 400,
        error: 'invalid_request',
        suberror: 'subject_refused',
      });
      expect(await answerOf('jwt-bearer')).toMatchObject({ status: 400, error: 'invalid_grant' });
      const { status, challenge } = refusalOf(await platform.listExpenses(await alicesToken()));
      expect(status).toBe(401);
      expect(challenge).toContain('error="invalid_token"');
    },
  );

  it.each([
    ['AADSTS500131, the assertion is for another application', 500131],
    ['AADSTS7000215, our secret is wrong', 7000215],
    ['AADSTS7000222, our secret has expired', 7000222],
  ] as const)(verifies('tb:error-map', 'E04 %s: 500 and an alarm, asked once'), async (_case, refuse) => {
    entra.setBehaviour({ refuse });
    const [requests, since] = [entra.requests.length, platform.broker.output().length];
    expect(await answerOf('token-exchange')).toMatchObject({ status: 500, error: 'server_error' });
    expect(entra.requests.length - requests).toBe(1);
    expect(JSON.parse(await platform.broker.line('"alarm":true', since))).toMatchObject({ level: 'error' });
    const answer = await platform.listExpenses(await alicesToken());
    expect(refusalOf(answer)).toEqual({ status: 500, challenge: undefined });
  });

  it.each([
    ['AADSTS50196, a loop', { refuse: 50196 }, '60'],
    ['429 with Retry-After 7', { refuse: 90055, retryAfter: 7 }, '7'],
    ['429 with Retry-After 60', { refuse: 90055, retryAfter: 60 }, '60'],
  ] as const)(
    verifies('tb:error-map', 'E07 %s: 503 with Retry-After, asked once'),
    async (_case, behaviour, retryAfter) => {
      // What Entra said before holds until its time is over.
      await expect
        .poll(async () => (await answerOf('token-exchange')).status, { timeout: 20_000, interval: 500 })
        .toBe(200);
      entra.setBehaviour(behaviour);
      const requests = entra.requests.length;
      expect(await answerOf('token-exchange')).toMatchObject({
        status: 503,
        error: 'temporarily_unavailable',
        retryAfter,
      });
      expect(entra.requests.length - requests).toBe(1);
      const answer = await platform.listExpenses(await alicesToken());
      expect(answer.status).toBe(503);
      const left = Number(answer.headers['retry-after']);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(Number(retryAfter));
    },
  );
});

it(verifies('op:redaction', 'E01 no part of any token is in the logs of broker and server'), () => {
  const logs = platform.broker.output() + platform.mcpServer.output();
  expect(sent.filter((part) => part.length > 40 && logs.includes(part))).toEqual([]);
});
