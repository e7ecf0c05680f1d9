import { describe, expect, it } from 'vitest';
import {
  auth0,
  type Claims,
  entra,
  generic,
  type IdpProfile,
  idpProfile,
  idpProfiles,
  keycloak,
  okta,
} from './index.ts';

const tid = '5f1c9b7e-0c5e-4b5b-9b1e-2f6a3c1d0a01';
const iss = `https://login.microsoftonline.com/${tid}/v2.0`;

describe('profiles of identity providers', () => {
  it('are found by name, and an unknown name lists those there are', () => {
    for (const [name, profile] of Object.entries(idpProfiles)) expect(idpProfile(name)).toBe(profile);
    expect(() => idpProfile('ping')).toThrow('Unknown IdP profile "ping". Use one of: entra, okta, auth0');
    expect(() => idpProfile('toString')).toThrow(RangeError);
  });

  it.each<[string, IdpProfile, Claims, string | undefined]>([
    ['tid and oid at Entra', entra, { tid, oid: 'o', sub: 's' }, `${tid}.o`],
    ['nobody at Entra without oid', entra, { tid, sub: 's' }, undefined],
    ['uid at Okta', okta, { uid: '00u1', sub: 'alice@acme.example' }, '00u1'],
    ['nobody at Okta without uid', okta, { sub: '0oa1', cid: '0oa1' }, undefined],
    ['sub at Auth0', auth0, { sub: 'auth0|1' }, 'auth0|1'],
    ['sub at Keycloak', keycloak, { sub: 'f:1' }, 'f:1'],
    ['sub elsewhere', generic, { sub: '1' }, '1'],
    ['nobody when sub is no text', generic, { sub: 1 }, undefined],
  ])('name the user by %s', (_case, { token }, claims, key) => {
    expect(token.userKey(claims)).toBe(key);
  });

  it.each<[string, IdpProfile, Claims, boolean]>([
    ['Entra, idtyp app', entra, { idtyp: 'app' }, true],
    ['Entra, a user', entra, { scp: 'a' }, false],
    ['Okta, sub = cid', okta, { sub: '0oa1', cid: '0oa1' }, true],
    ['Okta, a user', okta, { sub: 'alice@acme.example', cid: '0oa1', uid: '00u1' }, false],
    ['Auth0, …@clients', auth0, { sub: 'abc@clients' }, true],
    ['Auth0, gty', auth0, { sub: 'auth0|1', gty: 'client-credentials' }, true],
    ['Auth0, a user', auth0, { sub: 'auth0|1' }, false],
    ['Keycloak, a service account', keycloak, { preferred_username: 'service-account-job' }, true],
    ['Keycloak, a service account without profile scope', keycloak, { clientHost: '10.0.0.7' }, true],
    ['Keycloak, a user', keycloak, { preferred_username: 'alice' }, false],
    ['generic, sub = client_id', generic, { sub: 'job', client_id: 'job' }, true],
    ['generic, a user', generic, { sub: 'alice', client_id: 'app' }, false],
  ])('know a machine: %s', (_case, { token }, claims, machine) => {
    expect(token.isMachine(claims)).toBe(machine);
  });

  it.each<[string, IdpProfile, Claims, string | undefined]>([
    ['Entra, a user token', entra, { iss, tid, scp: 'a' }, undefined],
    ['Entra, an app-only token', entra, { iss, tid, roles: ['a'], idtyp: 'app' }, undefined],
    ['Entra, a tenant that is not the issuer’s', entra, { iss, tid: 'other', scp: 'a' }, 'tid'],
    ['Entra, neither scp nor roles', entra, { iss, tid }, 'no_scp'],
    ['Entra, roles without idtyp', entra, { iss, tid, roles: ['a'] }, 'no_scp'],
    ['Auth0, an ID token', auth0, { nonce: 'n' }, 'id_token'],
    ['Keycloak, an ID token', keycloak, { typ: 'ID' }, 'payload_typ'],
    ['Keycloak, an access token', keycloak, { typ: 'Bearer' }, undefined],
  ])('refuse what is no access token: %s', (_case, { token }, claims, word) => {
    expect(token.refuse(claims)).toBe(word);
  });

  it.each<[string, IdpProfile, boolean]>([
    ['Keycloak', keycloak, true],
    ['Okta', okta, true],
    ['a generic issuer', generic, true],
    ['Auth0: refresh tokens only', auth0, false],
    ['Entra: it has no such endpoint', entra, false],
  ])('know whether access tokens can be revoked there (RFC 7009): %s', (_case, { revocation }, can) => {
    expect(revocation.accessTokens).toBe(can);
  });

  it.each<[string, Claims]>([
    ['_claim_names', { _claim_names: { groups: 'src1' } }],
    ['hasgroups', { hasgroups: true }],
  ])('know that groups are missing by %s', (_case, claims) => {
    expect(entra.token.groupsOverage(claims)).toBe(true);
    expect(entra.token.groupsOverage({ groups: [] })).toBe(false);
  });
});
