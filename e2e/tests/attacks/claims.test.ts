import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { callerOf, verdict } from './fixture/answers.ts';
import { startResourceServer } from './fixture/resource-server.ts';

const tid = '11111111-1111-1111-1111-111111111111';
const server = await startResourceServer({
  issuers: [
    { tenant: 'default', settings: { companions: ['account'], max_lifetime: 3600 } },
    {
      tenant: 'entra',
      path: `/${tid}/v2.0`,
      settings: { profile: 'entra', scope_prefix: 'api://expenses-mcp/' },
      claims: {
        tid,
        oid: 'o-1',
        azp: 'client-1',
        uti: 'u-1',
        scp: 'mcp:tools:execute',
        client_id: undefined,
        jti: undefined,
        scope: undefined,
      },
    },
  ],
});
afterAll(server.close);
const { issuer, resource } = server;
const entra = server.issuerOf('entra');
const now = Math.floor(Date.now() / 1000);
const jwt = { header: { typ: 'JWT' } };

const header = JSON.stringify({ alg: 'RS256', kid: 'key-1', typ: 'at+jwt' });
/** The claims as text, one member replaced by exactly this text. */
function rawWith(name: string, text: string): string {
  const claims = {
    iss: issuer.issuer,
    aud: resource,
    sub: 'user-1',
    client_id: 'c',
    jti: 'j',
    iat: now,
    exp: now + 300,
    scope: 'mcp:tools:execute',
  };
  return issuer.mintRaw(header, JSON.stringify({ ...claims, [name]: '@' }).replace('"@"', text));
}

describe('times', () => {
  it.each([
    ['exp 31 s ago', { exp: now - 31, iat: now - 100 }, '401 expired'],
    ['exp is missing', { exp: undefined }, '401 time_claim'],
    ['exp is a text', { exp: String(now + 300) }, '401 time_claim'],
    ['exp is null', { exp: null }, '401 time_claim'],
    ['exp is negative', { exp: -1 }, '401 expired'],
    ['exp is no number of seconds but a list', { exp: [now + 300] }, '401 time_claim'],
    ['iat is missing', { iat: undefined }, '401 time_claim'],
  ])(verifies(['rs:time', 'rs:claims'], 'C01 %s'), async (_case, claims, expected) => {
    expect(await verdict(server, await issuer.mint(claims))).toBe(expected);
  });

  it.each(['1e999', '-1e999', '1e400'])(verifies('rs:time', 'C01 exp is %s'), async (text) => {
    expect(await verdict(server, rawWith('exp', text))).toBe('401 malformed');
  });

  it.each([
    ['nbf beyond the tolerance', { nbf: now + 90 }, '401 not_yet_valid'],
    ['iat in the future', { iat: now + 90, exp: now + 300 }, '401 issued_in_future'],
    ['a life above the maximum', { exp: now + 3700 }, '401 lifetime'],
    ['nbf is a text', { nbf: 'soon' }, '401 time_claim'],
  ])(verifies(['rs:time', 'rs:max-lifetime'], 'C02 %s'), async (_case, claims, expected) => {
    expect(await verdict(server, await issuer.mint(claims))).toBe(expected);
  });

  it(verifies('rs:time', 'C02 clocks may differ by the tolerance'), async () => {
    expect(await verdict(server, await issuer.mint({ nbf: now + 15, iat: now + 15 }))).toBe('200 user-1');
  });
});

describe('the issuer', () => {
  it.each([
    ['somebody else', 'https://evil.example'],
    ['a trailing slash more', `${issuer.issuer}/`],
    ['upper case', issuer.issuer.toUpperCase()],
    ['an array', [issuer.issuer]],
    ['a template', issuer.issuer.replace('default', '{tenantid}')],
    ['another spelling of the host', issuer.issuer.replace('127.0.0.1', 'localhost')],
    ['a prefix', issuer.issuer.slice(0, -1)],
    ['missing', undefined],
    ['a name every object has', '__proto__'],
  ])(verifies('rs:issuer', 'C03 iss is %s'), async (_case, iss) => {
    expect(await verdict(server, await issuer.mint({ iss }))).toBe('401 issuer');
  });

  it(verifies(['rs:user', 'rs:claims'], 'C05 an Entra token of its own tenant'), async () => {
    const answer = await server.call(await entra.mint({}, jwt));
    expect(callerOf(answer)).toMatchObject({ tenant: 'entra', user: `${tid}.o-1`, client: 'client-1' });
  });

  it.each([
    [
      'of a tenant nobody configured',
      { iss: entra.issuer.replace(tid, '22222222-2222-2222-2222-222222222222') },
      '401 issuer',
    ],
    ['whose tid is of another tenant', { tid: '22222222-2222-2222-2222-222222222222' }, '401 tid'],
    ['without tid', { tid: undefined }, '401 tid'],
    ['without scp and roles', { scp: undefined, roles: undefined }, '401 no_scp'],
  ])(verifies(['rs:issuer', 'rs:claims'], 'C05 an Entra token %s'), async (_case, claims, expected) => {
    expect(await verdict(server, await entra.mint(claims, jwt))).toBe(expected);
  });
});

describe('the audience', () => {
  it.each([
    ['missing', undefined],
    ['another API', 'https://api.example/'],
    ['our identifier with more behind it', `${resource}x`],
    ['our identifier in front', `api://${resource}`],
    ['the same word at somebody else', 'api://x-evil'],
    ['a trailing slash more', `${resource}/`],
    ['other case', resource.toUpperCase()],
    ['our origin alone', new URL(resource).origin],
    ['an empty list', []],
  ])(verifies('rs:audience', 'C06 aud is %s'), async (_case, aud) => {
    expect(await verdict(server, await issuer.mint({ aud }))).toBe('401 audience');
  });

  it.each([
    ['an object', { 0: resource }],
    ['a list with a number', [resource, 1]],
    ['null', null],
  ])(verifies('rs:claims', 'C06 aud is %s'), async (_case, aud) => {
    expect(await verdict(server, await issuer.mint({ aud }))).toBe('401 claim_type');
  });

  it.each([
    ['with a companion of this issuer', [resource, 'account'], '200 user-1'],
    ['with somebody who is no companion', [resource, 'https://evil.example'], '401 audience'],
    ['with a companion alone', ['account'], '401 audience'],
  ])(verifies('rs:audience', 'C07 aud is a list %s'), async (_case, aud, expected) => {
    expect(await verdict(server, await issuer.mint({ aud }))).toBe(expected);
  });

  it(verifies('rs:multi-issuer', 'C07 a companion of one issuer is none of another'), async () => {
    expect(await verdict(server, await entra.mint({ aud: [resource, 'account'] }, jwt))).toBe('401 audience');
  });
});

it(verifies('op:redaction', 'C01 no part of any of these tokens is in log or audit'), () => {
  expect(server.leaks()).toEqual([]);
});
