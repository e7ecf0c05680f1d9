import { idpProfile, type ProfileName } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { demandParameters, readLogin } from './login-facts.ts';

describe('a login that is asked for', () => {
  it.each<readonly [string, ProfileName, Parameters<typeof demandParameters>[1], object]>([
    ['its age', 'generic', { maxAge: 0 }, { prompt: 'login', max_age: '0' }],
    ['its strength', 'keycloak', { acrValues: ['2', '3'] }, { prompt: 'login', acr_values: '2 3' }],
    [
      'an authentication context of Entra',
      'entra',
      { maxAge: 60, acrValues: ['c1'] },
      {
        prompt: 'login',
        max_age: '60',
        claims: '{"id_token":{"acrs":{"essential":true,"values":["c1"]}}}',
      },
    ],
  ])(verifies('sc:step-up', 'is asked for %s in the words of its issuer'), (_case, profile, demand, sent) => {
    expect(demandParameters(idpProfile(profile), demand)).toEqual(sent);
  });
});

describe('a login that was made', () => {
  it.each<readonly [string, ProfileName, Record<string, unknown>, object]>([
    [
      'all that its ID token says',
      'generic',
      { auth_time: 1700000000, acr: 'mfa', amr: ['pwd', 'otp'] },
      { authTime: 1700000000, acr: ['mfa'], amr: ['pwd', 'otp'] },
    ],
    ['the contexts of Entra', 'entra', { acrs: ['c1', 'p1'], acr: '1' }, { acr: ['1', 'c1', 'p1'], amr: [] }],
    ['nothing, where nothing is said', 'generic', {}, { acr: [], amr: [] }],
    [
      'nothing, where claims have another type',
      'entra',
      { auth_time: '1700000000', acr: 2, acrs: 'c1', amr: 'mfa' },
      { acr: [], amr: [] },
    ],
    [
      'no list of contexts where the issuer has none',
      'generic',
      { acrs: ['c1'], amr: ['pwd', 1, ''] },
      { acr: [], amr: ['pwd'] },
    ],
    ['no time that is none', 'generic', { auth_time: Number.POSITIVE_INFINITY }, { acr: [], amr: [] }],
  ])(verifies('sc:step-up', 'proves %s'), (_case, profile, claims, login) => {
    expect(readLogin(idpProfile(profile), claims)).toEqual(login);
  });
});
