import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { refusalOf } from './fixture/answers.ts';
import { startResourceServer } from './fixture/resource-server.ts';

const server = await startResourceServer({
  issuers: [{ tenant: 'default' }],
  config: { tiers: { financial: { acr_values: ['mfa'] } } },
});
afterAll(server.close);
const { issuer } = server;

describe('a login that is too weak or too old', () => {
  const now = Math.floor(Date.now() / 1000);
  const manager = { roles: ['manager'], scope: 'mcp:tools:execute expenses:approve' };
  const challengeOf = async (claims: object, amount: number) =>
    refusalOf(
      await server.call(await issuer.mint({ ...manager, ...claims }), 'approve_expense', {
        id: 'exp-1',
        amount,
      }),
    );

  it('C15 401 insufficient_user_authentication with acr_values', async () => {
    const { status, challenge } = await challengeOf({ sub: 'm-1', acr: 'pwd' }, 10);
    expect(status).toBe(401);
    expect(challenge).toContain('error="insufficient_user_authentication"');
    expect(challenge).toContain('acr_values="mfa"');
    expect(challenge).not.toContain('max_age');
  });

  it('C15 401 insufficient_user_authentication with max_age, where the amount asks for a fresh login', async () => {
    const { status, challenge } = await challengeOf({ sub: 'm-2', acr: 'mfa', auth_time: now - 3600 }, 5000);
    expect(status).toBe(401);
    expect(challenge).toContain('error="insufficient_user_authentication"');
    expect(challenge).toContain('max_age="300"');
    expect(challenge).not.toContain('acr_values');
  });

  it(verifies('sc:arguments', 'C15 a login that does suffice is not asked for again'), async () => {
    expect(await challengeOf({ sub: 'm-3', acr: 'mfa' }, 10)).toEqual({ status: 503, challenge: undefined });
    expect(await challengeOf({ sub: 'm-4', acr: 'mfa', auth_time: now }, 5000)).toEqual({
      status: 503,
      challenge: undefined,
    });
  });

  it(verifies('sc:tiers', 'C15 a token too old for the tier: a refresh mends it'), async () => {
    const claims = { sub: 'm-5', acr: 'mfa', iat: now - 700 };
    const { status, challenge } = await challengeOf(claims, 10);
    expect(status).toBe(401);
    expect(challenge).toContain('error="invalid_token"');
  });
});

it(verifies('op:redaction', 'C15 no part of any of these tokens is in log or audit'), () => {
  expect(server.leaks()).toEqual([]);
});
