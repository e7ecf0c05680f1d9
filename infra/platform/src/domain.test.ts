import { describe, expect, it } from 'vitest';
import { exchangeRules, machine, mcpScopes, target, tenants } from './domain.ts';

const users = tenants.flatMap((tenant) => tenant.users);

describe('the example domain', () => {
  it('names users by opaque subjects that no two share', () => {
    expect(new Set(users.map(({ sub }) => sub)).size).toBe(users.length);
    for (const { sub, username } of users) {
      expect(sub).toMatch(/^[0-9a-f-]{36}$/);
      expect(sub).not.toContain(username);
    }
  });

  it('has managers that are managers of the same tenant', () => {
    for (const { users: colleagues } of tenants) {
      for (const { manager } of colleagues.filter((user) => user.manager !== undefined)) {
        expect(colleagues.find(({ username }) => username === manager)?.roles).toEqual(['manager']);
      }
    }
  });

  it('exchanges only scopes that exist, and none of the machine', () => {
    for (const { subject, scopes } of exchangeRules) {
      expect(Object.keys(mcpScopes)).toContain(subject);
      for (const scope of scopes) expect(target.scopes).toContain(scope);
    }
    for (const scope of machine.scopes) expect(Object.keys(mcpScopes)).toContain(scope);
  });

  it('offers no scope to manage tools', () => {
    expect(Object.keys(mcpScopes)).not.toContain('mcp:tools:admin');
  });
});
