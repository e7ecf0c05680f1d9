import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { callerOf, verdict } from './fixture/answers.ts';
import { startResourceServer } from './fixture/resource-server.ts';

const server = await startResourceServer();
afterAll(server.close);
const { issuer, resource } = server;
const now = Math.floor(Date.now() / 1000);

describe('who it is', () => {
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['a number', 42],
    ['a list', ['user-1']],
    ['null', null],
    ['an object', { toString: 'user-1' }],
  ])(verifies('rs:claims', 'C09 sub is %s'), async (_case, sub) => {
    expect(await verdict(server, await issuer.mint({ sub }))).toBe('401 subject');
  });

  it.each([
    ['client_id is missing', { client_id: undefined }, '401 client'],
    ['jti is missing', { jti: undefined }, '401 token_id'],
  ])(verifies('rs:claims', 'C09 %s'), async (_case, claims, expected) => {
    expect(await verdict(server, await issuer.mint(claims))).toBe(expected);
  });

  it.each([
    ['an ID token', { nonce: 'n' }, {}, '401 not_access_token'],
    ['an ID token by its type', {}, { header: { typ: 'JWT' } }, '401 typ'],
    [
      'a logout token',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      {},
      '401 not_access_token',
    ],
    ['a token without a type', {}, { header: { typ: undefined } }, '401 typ'],
  ])(verifies('rs:typ', 'C09 %s is no access token'), async (_case, claims, options, expected) => {
    expect(await verdict(server, await issuer.mint(claims, options))).toBe(expected);
  });

  it.each([
    ['a DPoP key', { jkt: 'x'.repeat(43) }],
    ['a certificate', { 'x5t#S256': 'x'.repeat(43) }],
    ['a kind nobody knows', { 'urn:example': 1 }],
    ['nothing', {}],
    ['no object', 'x'],
  ])(verifies('rs:cnf', 'C16 bound to %s and sent as plain Bearer'), async (_case, cnf) => {
    expect(await verdict(server, await issuer.mint({ cnf }))).toBe('401 cnf');
  });
});

/** `act` that names this many actors. */
const actors = (depth: number): object => ({
  sub: `actor-${depth}`,
  ...(depth > 1 ? { act: actors(depth - 1) } : {}),
});

describe('delegation', () => {
  it.each([
    ['a text', 'actor', '401 act'],
    ['a list', [{ sub: 'actor' }], '401 act'],
    ['without a subject', {}, '401 act'],
    ['nested without a subject', { sub: 'a', act: {} }, '401 act'],
    ['six deep', actors(6), '401 act'],
    ['deeper than any JSON that is read', actors(40), '401 malformed'],
  ])('C17 act that is %s', async (_case, act, expected) => {
    expect(await verdict(server, await issuer.mint({ act }))).toBe(expected);
  });

  it('C17 act five deep is read', async () => {
    expect(await verdict(server, await issuer.mint({ act: actors(5) }))).toBe('200 user-1');
  });

  it(verifies('rs:identity', 'C17 actors are known and change nobody’s rights'), async () => {
    const act = { sub: 'actor-1', roles: ['finance'], scope: 'expenses:admin', act: { sub: 'alice' } };
    const caller = callerOf(await server.call(await issuer.mint({ act })));
    expect(caller).toMatchObject({ subject: 'user-1', roles: ['employee'], actors: ['actor-1', 'alice'] });
  });
});

describe('claims with names every object has', () => {
  it('C18 __proto__ is refused, constructor is passed over, Object.prototype is unchanged', async () => {
    const header = JSON.stringify({ alg: 'RS256', kid: 'key-1', typ: 'at+jwt' });
    const polluting = JSON.stringify({
      iss: issuer.issuer,
      aud: resource,
      sub: 'user-1',
      client_id: 'c',
      jti: 'j',
      iat: now,
      exp: now + 300,
      scope: 'mcp:tools:execute',
      PROTO: { roles: ['finance'], scope: 'expenses:admin' },
    }).replace('PROTO', '__proto__');
    expect(await verdict(server, issuer.mintRaw(header, polluting))).toBe('401 malformed');
    const constructed = { constructor: { prototype: { roles: ['finance'] } } };
    expect(callerOf(await server.call(await issuer.mint(constructed))).roles).toEqual(['employee']);
    expect(callerOf(await server.call(await issuer.mint({ roles: undefined }))).roles).toEqual([]);
  });
});

it(verifies('op:redaction', 'C09 no part of any of these tokens is in log or audit'), () => {
  expect(server.leaks()).toEqual([]);
});
