import { auth0, entra, generic, type IdpProfile, keycloak, okta } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { type Ask, askOf } from '../test/ask.ts';
import { grantOf } from '../test/fixture.ts';
import { stepUpChallenge } from './step-up-challenge.ts';

const resourceMetadata = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';
const prefix = 'api://6f3e1f0c';

function challengeOf(profile: IdpProfile, ask: Ask, name: string) {
  const decision = ask(grantOf(), name);
  if (decision.outcome !== 'step-up') throw new Error(`The decision is ${decision.outcome}.`);
  return stepUpChallenge(decision, { profile, prefix, resourceMetadata });
}

describe('a challenge', () => {
  it.each([
    [generic, 'mcp:tools:execute expenses:write'],
    [keycloak, 'mcp:tools:execute expenses:write'],
    [okta, 'mcp:tools:execute expenses:write'],
    [auth0, 'mcp:tools:execute expenses:write'],
    [entra, `${prefix}/mcp:tools:execute ${prefix}/expenses:write`],
  ])(verifies(['sc:challenge', 'sc:dialects'], 'names all scopes of the operation by %o'), (idp, scope) => {
    expect(challengeOf(idp, askOf(), 'submit_expense')).toEqual({
      resourceMetadata,
      error: 'insufficient_scope',
      errorDescription: 'Your login does not cover this tool. Log in again with the scopes of the challenge.',
      scope,
    });
  });

  it(verifies('sc:challenge', 'asks for a stronger and fresher login (RFC 9470 §3)'), () => {
    const ask = askOf({ tiers: { 'read-only': { maxLoginAge: 30, acrValues: ['gold', 'silver'] } } });
    expect(challengeOf(generic, ask, 'list_expenses')).toMatchObject({
      error: 'insufficient_user_authentication',
      scope: 'mcp:tools:execute expenses:read',
      maxAge: 30,
      acrValues: 'gold silver',
    });
  });

  it.each([
    [['c1'], { access_token: { acrs: { essential: true, value: 'c1' } } }],
    [['c1', 'c2'], { access_token: { acrs: { essential: true, values: ['c1', 'c2'] } } }],
  ])(verifies('sc:challenge', 'asks Entra for the contexts %j by claims'), (acrValues, expected) => {
    const ask = askOf({ tiers: { 'read-only': { acrValues } } });
    const { claims = '', ...challenge } = challengeOf(entra, ask, 'list_expenses');
    expect(JSON.parse(Buffer.from(claims, 'base64').toString('utf8'))).toEqual(expected);
    expect(challenge).toMatchObject({ error: 'insufficient_claims' });
    expect(challenge).not.toHaveProperty('acrValues');
  });

  it('asks Entra for a fresher login as any other', () => {
    const ask = askOf({ tiers: { 'read-only': { maxLoginAge: 30 } } });
    expect(challengeOf(entra, ask, 'list_expenses')).toMatchObject({
      error: 'insufficient_user_authentication',
      maxAge: 30,
    });
  });

  it('asks for a fresher token with the same scopes', () => {
    const ask = askOf({ tiers: { 'read-only': { maxTokenAge: 30 } } });
    expect(challengeOf(generic, ask, 'list_expenses')).toMatchObject({
      error: 'invalid_token',
      scope: 'mcp:tools:execute expenses:read',
    });
  });
});
