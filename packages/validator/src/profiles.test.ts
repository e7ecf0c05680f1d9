import type { Grant } from '@mcp-obo/grant';
import type { IdpName } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, noon, setUp } from '../test/platform.ts';

const tid = '8f0a1c3e-0000-4000-8000-000000000001';
const guid = '6f2d1c3e-0000-4000-8000-000000000002';

/** Tokens as the vendors document them; what the testbed adds by default is switched off. */
interface Example {
  readonly name: string;
  readonly profile: IdpName;
  readonly issuer: string;
  readonly audience: string;
  readonly typ: string | undefined;
  readonly claims: Record<string, unknown>;
  readonly grant: Partial<Grant>;
}

const plain = { client_id: undefined, jti: undefined, scope: undefined };

const examples: readonly Example[] = [
  {
    name: 'Entra v2.0',
    profile: 'entra',
    issuer: `https://login.microsoftonline.com/${tid}/v2.0`,
    audience: guid,
    typ: 'JWT',
    claims: {
      ...plain,
      ver: '2.0',
      tid,
      oid: 'oid-1',
      sub: 'pairwise-1',
      azp: 'app-1',
      azpacr: '1',
      uti: 'u-1',
      scp: 'mcp:tools:execute expenses:read',
      acrs: ['c1', 'c2'],
    },
    grant: {
      subject: 'pairwise-1',
      client: 'app-1',
      tokenId: 'u-1',
      acr: 'c1 c2',
      scopes: ['expenses:read', 'mcp:tools:execute'],
      user: { issuer: `https://login.microsoftonline.com/${tid}/v2.0`, key: `${tid}.oid-1` },
    },
  },
  {
    name: 'Entra v1.0',
    profile: 'entra',
    issuer: `https://sts.windows.net/${tid}/`,
    audience: 'api://mcp',
    typ: 'JWT',
    claims: {
      ...plain,
      ver: '1.0',
      tid,
      oid: 'oid-1',
      sub: 'pairwise-2',
      appid: 'app-1',
      appidacr: '1',
      uti: 'u-1',
      scp: 'expenses:read',
    },
    grant: {
      client: 'app-1',
      tokenId: 'u-1',
      user: { issuer: `https://sts.windows.net/${tid}/`, key: `${tid}.oid-1` },
    },
  },
  {
    name: 'Okta',
    profile: 'okta',
    issuer: 'https://acme.okta.com/oauth2/default',
    audience: 'api://default',
    typ: undefined,
    claims: {
      ...plain,
      ver: 1,
      jti: 'AT.1',
      cid: 'app-1',
      uid: '00u1',
      sub: 'alice@acme.example',
      scp: ['expenses:read', 'mcp:tools'],
    },
    grant: {
      subject: 'alice@acme.example',
      client: 'app-1',
      scopes: ['expenses:read', 'mcp:tools'],
      user: { issuer: 'https://acme.okta.com/oauth2/default', key: '00u1' },
    },
  },
  {
    name: 'Auth0 (RFC 9068 dialect)',
    profile: 'auth0',
    issuer: 'https://acme.auth0.com/',
    audience: 'https://mcp.example/mcp',
    typ: 'at+jwt',
    claims: { sub: 'auth0|1', scope: 'expenses:read', permissions: ['expenses:read'] },
    grant: {
      client: 'client-1',
      roles: ['expenses:read'],
      user: { issuer: 'https://acme.auth0.com/', key: 'auth0|1' },
    },
  },
  {
    name: 'Keycloak',
    profile: 'keycloak',
    issuer: 'https://kc.example/realms/acme',
    audience: 'https://mcp.example/mcp',
    typ: 'JWT',
    claims: {
      ...plain,
      jti: 'onrtac:1',
      typ: 'Bearer',
      azp: 'app-1',
      sub: 'f:1',
      sid: 's-1',
      acr: '1',
      scope: 'expenses:read',
      realm_access: { roles: ['employee'] },
    },
    grant: {
      client: 'app-1',
      session: 's-1',
      roles: ['employee'],
      user: { issuer: 'https://kc.example/realms/acme', key: 'f:1' },
    },
  },
];

const setUpFor = ({ profile, issuer, audience, claims }: Example) =>
  setUp(
    { profile, audiences: [audience] },
    {},
    { issuer, alg: 'RS256', claims: { aud: audience, ...claims } },
  );

describe('tokens of an identity provider', () => {
  it.each(examples)(
    verifies(['rs:user', 'rs:typ', 'rs:claims'], 'are read by its own names: $name'),
    async (example) => {
      const { idp, validator } = setUpFor(example);
      const token = await idp.mint({}, { header: { typ: example.typ } });
      expect(await validator.validate(bearer(token))).toMatchObject(example.grant);
    },
  );

  const refusals: readonly [string, string, Record<string, unknown>, string][] = [
    ['Entra v2.0', 'without scp', { scp: undefined }, '401 no_scp'],
    ['Entra v2.0', 'with roles and without idtyp', { scp: undefined, roles: ['Reader'] }, '401 no_scp'],
    ['Entra v2.0', 'without tid', { tid: undefined }, '401 tid'],
    ['Entra v2.0', 'of a tenant that is not the issuer’s (C05)', { tid: guid }, '401 tid'],
    ['Entra v2.0', 'without oid', { oid: undefined }, '401 user'],
    ['Entra v2.0', 'without a client', { azp: undefined }, '401 client'],
    ['Entra v1.0', 'without uti and jti', { uti: undefined }, '401 token_id'],
    ['Okta', 'without cid, as an ID token is', { cid: undefined }, '401 client'],
    ['Okta', 'without uid that are no machine’s', { uid: undefined }, '401 user'],
    ['Auth0 (RFC 9068 dialect)', 'with a nonce, as an ID token has', { nonce: 'n' }, '401 not_access_token'],
    ['Keycloak', 'whose payload says ID', { typ: 'ID' }, '401 payload_typ'],
    ['Keycloak', 'whose payload says Logout', { typ: 'Logout' }, '401 payload_typ'],
    ['Keycloak', 'whose payload says Refresh', { typ: 'Refresh' }, '401 payload_typ'],
    ['Keycloak', 'with roles that are no object', { realm_access: ['employee'] }, '401 claim_type'],
    ['Keycloak', 'with roles that are text', { realm_access: 'employee' }, '401 claim_type'],
    ['Keycloak', 'with roles that are null', { realm_access: null }, '401 claim_type'],
  ];

  it.each(refusals)(
    verifies(['rs:claims', 'rs:typ'], '%s: refuses one %s'),
    async (name, _, claims, expected) => {
      const example = examples.find((one) => one.name === name) as Example;
      const { idp, outcome } = setUpFor(example);
      const header = { typ: example.typ };
      expect(await outcome(await idp.mint({}, { header }))).toBe(example.claims.sub);
      expect(await outcome(await idp.mint(claims, { header }))).toBe(expected);
    },
  );

  const machines: readonly [string, Record<string, unknown>][] = [
    ['Entra v2.0', { idtyp: 'app', scp: undefined, roles: ['Totals.Read'], sub: 'sp-1', oid: 'sp-1' }],
    ['Okta', { uid: undefined, sub: 'app-1' }],
    ['Auth0 (RFC 9068 dialect)', { sub: 'app-1@clients', gty: 'client-credentials' }],
    ['Keycloak', { preferred_username: 'service-account-app-1' }],
  ];

  it.each(machines)(verifies('rs:user', '%s: names no user for a machine'), async (name, claims) => {
    const example = examples.find((one) => one.name === name) as Example;
    const { idp, validator } = setUpFor(example);
    const grant = await validator.validate(bearer(await idp.mint(claims, { header: { typ: example.typ } })));
    expect(grant).not.toHaveProperty('user');
    expect(grant.issuedAt).toBe(noon);
  });

  it(verifies('rs:user', 'says when a token lists only a part of the groups'), async () => {
    const example = examples[0] as Example;
    const { idp, validator } = setUpFor(example);
    const token = await idp.mint({ _claim_names: { groups: 'src1' } }, { header: { typ: 'JWT' } });
    expect((await validator.validate(bearer(token))).groupsOverage).toBe(true);
  });
});
