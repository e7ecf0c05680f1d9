import { describe, expect, it } from 'vitest';
import { portsFrom, urlsOf } from './addresses.ts';
import { banner, readyFacts } from './ready.ts';

describe('what npm start prints', () => {
  const urls = urlsOf(portsFrom(4100));
  const ready = readyFacts({ urls, redis: undefined, idp: { kind: 'embedded', version: '0.1.0' } });

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
    const redis = 'redis://127.0.0.1:6379';
    expect(readyFacts({ urls, redis, idp: { kind: 'embedded', version: '0.1.0' } }).redis).toBe(redis);
  });

  it.each([
    'http://127.0.0.1:4100/mcp',
    'gina     gina-password',
    'MCP Inspector',
    'claude mcp add --transport http expenses http://127.0.0.1:4100/mcp',
    'VS Code',
    'mcp-obo-dev',
    'in memory',
    'embedded 0.1.0',
  ])('shows people %s', (text) => {
    expect(banner(ready)).toContain(text);
  });

  it('says what helps clients without internet, where it does', () => {
    expect(banner(ready)).toContain('npm start -- --cimd off\n');
    expect(banner({ ...ready, idp: 'keycloak 26.7.3' })).not.toContain('--cimd');
  });
});
