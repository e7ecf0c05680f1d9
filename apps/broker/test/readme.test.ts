import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The variables of the command on the first screen. */
function variables(): Record<string, string> {
  const [, command = ''] = /```sh\n([\s\S]*?)```/.exec(readme) ?? [];
  return Object.fromEntries(
    [...command.matchAll(/^([A-Z_]+)=("?)(.*?)\2 \\$/gm)].map(([, name = '', , value = '']) => [name, value]),
  );
}

describe('the README', () => {
  it('shows variables that are a whole configuration', () => {
    const config = loadConfig({ env: variables(), readText: () => 'a secret' });
    expect(config.clients).toMatchObject([
      {
        id: 'mcp-server',
        upstream: [{ issuer: 'https://idp.example.com', client_id: 'https://mcp.example.com/mcp' }],
      },
    ]);
    expect(config.resources).toMatchObject([{ uri: 'https://mcp.example.com/mcp', owner: 'mcp-server' }]);
    expect(config.policy.rules[0]?.scopes).toEqual(['api:expenses.read', 'api:expenses.write']);
  });
});
