import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPeople } from './people.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'people-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const tenantOf = (issuer: string) => (issuer.startsWith('https://idp/') ? issuer.slice(12) : undefined);
const read = (people: unknown) => {
  const file = join(folder, 'people.yaml');
  writeFileSync(file, JSON.stringify(people));
  return readPeople(file, tenantOf);
};
const alice = { issuer: 'https://idp/acme', user_key: 'a', username: 'alice', role: 'employee' };
const maria = { issuer: 'https://idp/acme', user_key: 'm', username: 'maria', role: 'manager' };

describe('the people file', () => {
  it('gives everybody the tenant of the issuer', () => {
    expect(read([alice])).toEqual([{ ...alice, tenant: 'acme' }]);
  });

  it('may list one person at several issuers', () => {
    const entries = [alice, { ...alice, user_key: 'other' }];
    expect(read(entries)).toHaveLength(2);
  });

  it.each([
    ['an unknown role', [{ ...alice, role: 'king' }], /0\.role: must be one of employee, manager/],
    [
      'an unknown issuer',
      [{ ...alice, issuer: 'https://other/' }],
      /0\.issuer: is not one of the configured/,
    ],
    [
      'a manager of another tenant',
      [
        { ...alice, manager: 'maria' },
        { ...maria, issuer: 'https://idp/x' },
      ],
      /manager maria is nobody of tenant acme/,
    ],
    ['one key for two people', [alice, { ...maria, user_key: 'a' }], /user_key a is listed more than once/],
    ['one person with two roles', [alice, { ...alice, user_key: 'b', role: 'finance' }], /different roles/],
    ['a member that is not known', [{ ...alice, admin: true }], /admin/],
    ['no list', { alice }, /top level/],
  ])('is refused with %s', (_case, people, message) => {
    expect(() => read(people)).toThrow(message);
  });

  it('is refused when it is not there', () => {
    expect(() => readPeople(join(folder, 'none.yaml'), tenantOf)).toThrow(/people_file .*none\.yaml/);
  });
});
