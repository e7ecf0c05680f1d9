import { describe, expect, it } from 'vitest';
import { portsFrom, urlsOf } from './addresses.ts';
import { banner, readyFacts } from './ready.ts';

describe('what npm start prints', () => {
  const ready = readyFacts({ urls: urlsOf(portsFrom(4100)) }, undefined);

  it('names everybody with the issuer to log in at', () => {
    expect(ready.users.map(({ username, issuer }) => [username, issuer])).toEqual([
      ['alice', 'http://127.0.0.1:4103/acme'],
      ['bob', 'http://127.0.0.1:4103/acme'],
      ['maria', 'http://127.0.0.1:4103/acme'],
      ['frank', 'http://127.0.0.1:4103/acme'],
      ['audrey', 'http://127.0.0.1:4103/acme'],
      ['gina', 'http://127.0.0.1:4103/globex'],
    ]);
  });

  it('says which Redis is used, and null for none', () => {
    expect(ready.redis).toBeNull();
    expect(readyFacts({ urls: urlsOf(portsFrom(4100)) }, 'redis://127.0.0.1:6379').redis).toBe(
      'redis://127.0.0.1:6379',
    );
  });

  it.each([
    'http://127.0.0.1:4100/mcp',
    'gina     gina-password',
    'MCP Inspector',
    'claude mcp add --transport http expenses http://127.0.0.1:4100/mcp',
    'VS Code',
    'mcp-obo-dev',
    'in memory',
  ])('shows people %s', (text) => {
    expect(banner(ready)).toContain(text);
  });
});
