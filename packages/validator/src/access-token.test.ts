import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, noon, resource, setUp } from '../test/platform.ts';

/** One issuer for the whole file: nothing here depends on what was sent before. */
const { idp, validator, outcome } = setUp({ companions: ['account'], scopePrefixes: ['api://mcp/'] });

const verdict = async (claims: Record<string, unknown>) => outcome(await idp.mint(claims));

describe('claims of an access token', () => {
  it('become a frozen grant', async () => {
    const grant = await validator.validate(
      bearer(
        await idp.mint({
          scope: 'mcp:tools:execute api://mcp/expenses:read',
          roles: ['employee', 'auditor', 'employee'],
          groups: ['/acme/finance'],
          sid: 's-1',
          auth_time: noon - 60,
          acr: 'urn:mfa',
          amr: ['pwd', 'otp'],
          mcp_allowed_tools: [],
          act: { sub: 'agent-1', iss: 'https://idp.example', act: { sub: 'agent-0' } },
        }),
      ),
    );
    expect(grant).toMatchObject({
      issuer: 'https://idp.example',
      tenant: 'acme',
      profile: 'generic',
      subject: 'user-1',
      user: { issuer: 'https://idp.example', key: 'user-1' },
      client: 'client-1',
      session: 's-1',
      scopes: ['expenses:read', 'mcp:tools:execute'],
      roles: ['auditor', 'employee'],
      groups: ['/acme/finance'],
      groupsOverage: false,
      allowedTools: [],
      audience: [resource],
      issuedAt: noon,
      expiresAt: noon + 300,
      authTime: noon - 60,
      acr: 'urn:mfa',
      amr: ['pwd', 'otp'],
      act: { sub: 'agent-1', iss: 'https://idp.example', act: { sub: 'agent-0' } },
    });
    expect(grant.tokenHash).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(grant)).not.toContain('eyJ');
    expect(() => (grant.scopes as string[]).push('expenses:admin')).toThrow(TypeError);
    expect(() => (grant.claims as { roles: string[] }).roles.push('admin')).toThrow(TypeError);
  });

  it.each([
    ['another API', { aud: 'https://other.example' }],
    ['none', { aud: undefined }],
    ['an empty list', { aud: [] }],
    ['a prefix of ours', { aud: 'https://mcp.example/mcp-evil' }],
    ['ours with a trailing slash', { aud: `${resource}/` }],
    ['ours in upper case', { aud: resource.toUpperCase() }],
    ['api://x-evil', { aud: 'api://x-evil' }],
    ['ours and one that is nobody here (C07)', { aud: [resource, 'https://other.example'] }],
    ['a companion alone', { aud: ['account'] }],
  ])(verifies('rs:audience', 'refuse the audience: %s (RFC 9068 §4, C06)'), async (_, claims) => {
    expect(await verdict(claims)).toBe('401 audience');
  });

  it(verifies('rs:claims', 'refuse an audience with something else than text'), async () => {
    expect(await verdict({ aud: [resource, 7] })).toBe('401 claim_type');
    expect(await verdict({ aud: 7 })).toBe('401 claim_type');
  });

  it(
    verifies('rs:audience', 'accept our identifier in a list, beside a configured companion (RFC 9700 §2.3)'),
    async () => {
      expect(await verdict({ aud: [resource] })).toBe('user-1');
      expect(await verdict({ aud: ['account', resource] })).toBe('user-1');
    },
  );

  it.each([
    ['exp at the edge of the tolerance', { exp: noon - 29 }, 'user-1'],
    ['exp 1 s past the tolerance (C01)', { exp: noon - 31 }, '401 expired'],
    ['exp exactly at its end', { exp: noon - 30 }, '401 expired'],
    ['negative exp', { exp: -1 }, '401 expired'],
    ['no exp', { exp: undefined }, '401 time_claim'],
    ['exp as text', { exp: `${noon + 60}` }, '401 time_claim'],
    ['exp null', { exp: null }, '401 time_claim'],
    ['nbf within the tolerance', { nbf: noon + 30 }, 'user-1'],
    ['nbf beyond the tolerance (C02)', { nbf: noon + 31 }, '401 not_yet_valid'],
    ['nbf as text', { nbf: 'now' }, '401 time_claim'],
    ['iat within the tolerance', { iat: noon + 30 }, 'user-1'],
    ['iat in the future (C02)', { iat: noon + 31 }, '401 issued_in_future'],
    ['no iat', { iat: undefined }, '401 time_claim'],
    ['iat as text', { iat: '0' }, '401 time_claim'],
  ])(verifies('rs:time', 'judge %s (RFC 7519 §4.1)'), async (_, claims, expected) => {
    expect(await verdict({ iat: noon - 60, exp: noon + 300, ...claims })).toBe(expected);
  });

  it.each([
    ['generic: one hour', {}, 3600],
    ['entra: 28 hours', { profile: 'entra' as const }, 28 * 3600],
    ['auth0: a day', { profile: 'auth0' as const }, 86_400],
    ['configured: ten minutes', { maxLifetime: 600 }, 600],
  ])(
    verifies('rs:max-lifetime', 'refuse a life beyond that of the issuer, %s (C02)'),
    async (_, config, seconds) => {
      const issuer = setUp(config, {}, { claims: entraNames });
      const lives = (exp: number) => issuer.idp.mint({ iat: noon, exp });
      expect(await issuer.outcome(await lives(noon + seconds + 1))).toBe('401 lifetime');
      expect(await issuer.outcome(await lives(noon + seconds))).toBe('user-1');
    },
  );

  it(verifies('rs:max-lifetime', 'are accepted above an hour with a warning, once per issuer'), async () => {
    const lines: object[] = [];
    const log = { info: () => {}, warn: (fields: object) => lines.push(fields) };
    const issuer = setUp({ maxLifetime: 7200 }, { log });
    await issuer.outcome(await issuer.idp.mint({ exp: noon + 7200 }));
    await issuer.outcome(await issuer.idp.mint({ exp: noon + 7200 }));
    expect(lines).toEqual([{ type: 'long_lifetime', issuer: 'https://idp.example', seconds: 7200 }]);
  });

  it.each([
    ['no sub', { sub: undefined }, '401 subject'],
    ['an empty sub', { sub: '' }, '401 subject'],
    ['sub as number', { sub: 7 }, '401 subject'],
    ['sub as list', { sub: ['user-1'] }, '401 subject'],
    ['no client', { client_id: undefined }, '401 client'],
    ['client as number', { client_id: 7 }, '401 client'],
    ['no token id', { jti: undefined }, '401 token_id'],
    ['token id as object', { jti: {} }, '401 token_id'],
    ['sid as number', { sid: 7 }, '401 claim_type'],
    ['roles as text', { roles: 'admin' }, '401 claim_type'],
    ['roles with a number', { roles: ['a', 7] }, '401 claim_type'],
    ['groups as object', { groups: { a: 1 } }, '401 claim_type'],
    ['allowed tools as text', { mcp_allowed_tools: 'whoami' }, '401 claim_type'],
    ['amr as text', { amr: 'otp' }, '401 claim_type'],
    ['acr as number', { acr: 1 }, '401 claim_type'],
    ['auth_time as text', { auth_time: '0' }, '401 time_claim'],
    ['scope as number', { scope: 7 }, '401 scope_malformed'],
  ])(verifies('rs:claims', 'refuse %s (RFC 9068 §2.2, C09)'), async (_, claims, expected) => {
    expect(await verdict(claims)).toBe(expected);
  });

  it.each([
    ['another issuer', 'https://other.example'],
    ['a trailing slash', 'https://idp.example/'],
    ['upper case', 'https://IDP.example'],
    ['a list', ['https://idp.example']],
    ['a template', 'https://login.microsoftonline.com/{tenantid}/v2.0'],
    ['none', undefined],
    ['a name every object has', 'constructor'],
  ])(verifies('rs:issuer', 'refuse the issuer: %s (RFC 9068 §4, C03)'), async (_, iss) => {
    expect(await verdict({ iss })).toBe('401 issuer');
  });

  it.each([
    ['an ID token with a nonce', { nonce: 'n' }],
    ['an ID token with at_hash', { at_hash: 'h' }],
    ['an ID token with c_hash', { c_hash: 'h' }],
    [
      'a logout token or security event',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    ],
  ])(verifies('rs:typ', 'refuse %s that calls itself at+jwt (RFC 9068 §4)'), async (_, claims) => {
    expect(await verdict(claims)).toBe('401 not_access_token');
  });

  it.each([
    ['a DPoP key', { jkt: 'x' }],
    ['a certificate', { 'x5t#S256': 'x' }],
    ['a kind that nobody knows', { osc: {} }],
    ['nothing at all', {}],
    ['null', null],
    ['text', 'jkt'],
  ])(
    verifies('rs:cnf', 'refuse a token bound to %s that cannot be proved (RFC 7800, C16)'),
    async (_, cnf) => {
      expect(await verdict({ cnf })).toBe('401 cnf');
    },
  );

  it.each([
    ['text', 'agent-1'],
    ['a list', [{ sub: 'agent-1' }]],
    ['null', null],
    ['a number', 7],
    ['an actor who acts for nobody', { sub: 'agent-1', act: null }],
    ['an actor without sub', { client_id: 'agent-1' }],
    ['an actor whose sub is a number', { sub: 7 }],
    ['six actors', chain(6)],
  ])(verifies('rs:claims', 'refuse act: %s (RFC 8693 §4.1, C17)'), async (_, act) => {
    expect(await verdict({ act })).toBe('401 act');
  });

  it('accept a chain of five actors', async () => {
    expect(await verdict({ act: chain(5) })).toBe('user-1');
  });

  it('refuse __proto__ and pass over constructor (C18)', async () => {
    const named = (name: string) => {
      const claims = JSON.stringify({ ...payloadOf(), PLACE: { admin: true } }).replace('PLACE', name);
      return idp.mintRaw('{"alg":"ES256","kid":"key-1","typ":"at+jwt"}', claims);
    };
    expect(await outcome(named('__proto__'))).toBe('401 malformed');
    expect(await outcome(named('constructor'))).toBe('user-1');
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });

  it(verifies('rs:user', 'name no user for a machine'), async () => {
    const grant = await validator.validate(bearer(await idp.mint({ sub: 'client-1' })));
    expect(grant.subject).toBe('client-1');
    expect(grant).not.toHaveProperty('user');
  });
});

/** Names that satisfy every profile used above. */
const entraNames = { azp: 'client-1', uti: 'u', oid: 'o', tid: 'idp.example', scp: 'a' };

function chain(length: number): object | undefined {
  return length === 0 ? undefined : { sub: `agent-${length}`, act: chain(length - 1) };
}

function payloadOf(): object {
  return {
    iss: 'https://idp.example',
    aud: resource,
    sub: 'user-1',
    client_id: 'client-1',
    jti: 'j',
    iat: noon,
    exp: noon + 300,
  };
}
