import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { verdict } from './fixture/answers.ts';
import { startResourceServer } from './fixture/resource-server.ts';

const server = await startResourceServer();
afterAll(server.close);
const { issuer } = server;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const encode = (text: string) => Buffer.from(text).toString('base64url');

describe('the form of a token', () => {
  it.each([
    ['1 segment', (parts: string[]) => parts[0]],
    ['2 segments', (parts: string[]) => parts.slice(0, 2).join('.')],
    ['4 segments', (parts: string[]) => [...parts, 'AA'].join('.')],
    ['5 segments, as if encrypted', (parts: string[]) => [...parts, 'AA', 'AA'].join('.')],
    ['6 segments', (parts: string[]) => [...parts, 'AA', 'AA', 'AA'].join('.')],
    ['dots alone', () => '..'],
    ['a dot in front', (parts: string[]) => `.${parts.join('.')}`],
  ])(verifies('rs:canonical', 'J19 %s'), async (_case, make) => {
    expect(await verdict(server, make((await issuer.mint()).split('.')) ?? '')).toBe('401 malformed');
  });

  it(verifies('rs:canonical', 'J19 JSON serialization (RFC 7515 §7.2)'), async () => {
    const [header, payload, signature] = (await issuer.mint()).split('.');
    const flattened = JSON.stringify({ protected: header, payload, signature });
    expect(await verdict(server, flattened)).toBe('401 malformed');
    expect(await verdict(server, encode(flattened))).toBe('401 malformed');
  });

  it(verifies('rs:typ', 'J19 a JWT in a JWT (cty)'), async () => {
    const inner = await issuer.mint();
    const outer = issuer.mintRaw(
      JSON.stringify({ alg: 'RS256', kid: 'key-1', typ: 'at+jwt', cty: 'JWT' }),
      inner,
    );
    expect(await verdict(server, outer)).toBe('401 malformed');
  });

  it(
    verifies('rs:canonical', 'J20 every other spelling of the last character of the signature'),
    async () => {
      // Issued before the server fetched its keys: a key that is not known is not waited for.
      const token = await issuer.mint({ iat: Math.floor(Date.now() / 1000) - 60 });
      const verdicts = new Map<string, string[]>();
      for (const last of alphabet) {
        const answer = await verdict(server, token.slice(0, -1) + last);
        verdicts.set(answer, [...(verdicts.get(answer) ?? []), last]);
      }
      expect(verdicts.get('200 user-1')).toEqual([token.at(-1)]);
      expect(
        [...verdicts.keys()].every((answer) => /^(200 user-1|401 (malformed|signature))$/.test(answer)),
      ).toBe(true);
    },
  );

  it.each([
    ['trailing =', (token: string) => `${token}=`],
    ['trailing ==', (token: string) => `${token}==`],
    ['padding inside', (token: string) => token.replace('.', '=.')],
    ['base64 instead of base64url', (token: string) => `${token.slice(0, -2)}+/`],
    ['a trailing dot', (token: string) => `${token}.`],
    ['a percent escape', (token: string) => token.replace('.', '%2E')],
  ])(verifies('rs:canonical', 'J20 %s'), async (_case, spell) => {
    expect(await verdict(server, spell(await issuer.mint()))).toBe('401 malformed');
  });

  it(verifies('rs:canonical', 'J20 unused bits of header and payload'), async () => {
    for (const filler of ['', ' ', '  ']) {
      const header = JSON.stringify({ alg: 'RS256', kid: 'key-1', typ: 'at+jwt' }) + filler;
      if (header.length % 3 === 0) continue;
      const [head = '', ...rest] = issuer.mintRaw(header, '{}').split('.');
      const next = alphabet[alphabet.indexOf(head.at(-1) ?? '') + 1];
      expect(await verdict(server, [head.slice(0, -1) + next, ...rest].join('.'))).toBe('401 malformed');
    }
  });
});

const now = Math.floor(Date.now() / 1000);
const claims = {
  iss: issuer.issuer,
  aud: server.resource,
  sub: 'user-1',
  client_id: 'client-1',
  jti: 'j',
  iat: now,
  exp: now + 300,
  scope: 'mcp:tools:execute expenses:read',
};
const header = { alg: 'RS256', kid: 'key-1', typ: 'at+jwt' };
const add = (object: object, text: string) => `${JSON.stringify(object).slice(0, -1)},${text}}`;

describe('a member that is there twice', () => {
  it('J22 the same token without it is accepted', async () => {
    expect(await verdict(server, issuer.mintRaw(JSON.stringify(header), JSON.stringify(claims)))).toBe(
      '200 user-1',
    );
  });

  it.each(['"alg":"RS256"', '"alg":"none"', '"kid":"key-1"', '"typ":"at+jwt"', '"\\u0061lg":"RS256"'])(
    verifies('rs:canonical', 'J22 in the header: %s'),
    async (text) => {
      expect(await verdict(server, issuer.mintRaw(add(header, text), JSON.stringify(claims)))).toBe(
        '401 malformed',
      );
    },
  );

  it.each([
    '"sub":"root"',
    `"exp":${now + 9999}`,
    '"scope":"mcp:tools:admin"',
    '"scp":"a","scp":"b"',
    '"s\\u0075b":"root"',
  ])(verifies('rs:canonical', 'J22 in the claims: %s'), async (text) => {
    expect(await verdict(server, issuer.mintRaw(JSON.stringify(header), add(claims, text)))).toBe(
      '401 malformed',
    );
  });

  it.each([
    ['claims that are no object', '[]'],
    ['claims that are no JSON', '{'],
    ['claims nested 500 deep', add(claims, `"a":${'['.repeat(500)}${']'.repeat(500)}`)],
  ])(verifies('rs:canonical', 'J22 %s'), async (_case, payload) => {
    const answer = await verdict(server, issuer.mintRaw(JSON.stringify(header), payload));
    expect(answer).toBe('401 malformed');
  });
});

it(verifies('op:redaction', 'J20 no part of any of these tokens is in log or audit'), () => {
  expect(server.leaks()).toEqual([]);
});
