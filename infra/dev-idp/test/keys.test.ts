import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLoginBrowser } from '../src/login.ts';
import { headerOf, startTestIdp, type TestIdp } from './idp.ts';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp();
});
afterAll(() => idp.close());

const published = async (tenant = 'acme') => {
  const response = await fetch(`${idp.issuer(tenant)}/jwks`);
  return (await response.json()) as { keys: Record<string, unknown>[] };
};

it('publishes no private members', async () => {
  const { keys } = await published();
  expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
});

it('signs with a new key after a rotation, keeps the old one published, and keeps sessions', async () => {
  const browser = createLoginBrowser();
  const before = await idp.logIn({}, { browser });
  const { status, body } = await idp.admin('POST', '/dev/keys/rotate?tenant=acme');
  expect(status).toBe(200);
  const after = await idp.logIn({}, { browser });
  expect(browser.pages).toEqual([]);
  const oldKid = headerOf(before.access_token).kid;
  expect(headerOf(after.access_token).kid).toBe(body.kid);
  expect(body.kid).not.toBe(oldKid);
  expect((await published()).keys.map(({ kid }) => kid)).toEqual([body.kid, oldKid]);
  expect((await idp.exchange(before.access_token)).status).toBe(200);
});

it('retires the old keys when told: what they signed is worth nothing', async () => {
  const before = await idp.logIn();
  const { body } = await idp.admin('POST', '/dev/keys/rotate?tenant=acme&retire=true');
  expect((await published()).keys.map(({ kid }) => kid)).toEqual([body.kid]);
  expect((await idp.exchange(before.access_token)).body.error).toBe('invalid_request');
});

it('rotates one tenant and not the other', async () => {
  const before = await published('globex');
  await idp.admin('POST', '/dev/keys/rotate?tenant=acme');
  expect(await published('globex')).toEqual(before);
});

it.each([
  ['no token', ''],
  ['a wrong token', 'Bearer wrong'],
])('refuses an administrator with %s', async (_case, authorization) => {
  expect((await idp.admin('POST', '/dev/keys/rotate?tenant=acme', authorization)).status).toBe(401);
});
