import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretFrom } from '@mcp-obo/config';
import type { TokenExchange } from '@mcp-obo/exchange';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config } from './config.ts';
import { followExchange } from './follow-exchange.ts';

let dir: string;
beforeEach(() => {
  vi.useFakeTimers();
  dir = mkdtempSync(join(tmpdir(), 'mcp-server-secret-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true });
});

/** An exchange that answers with the secret it was opened with. */
function follow() {
  const file = join(dir, 'secret');
  const told: string[] = [];
  const write = (text: string) => writeFileSync(file, text);
  write('one');
  const exchange = followExchange({ client_secret: { file } } as Config['exchange'], {
    open(): TokenExchange {
      const accessToken = secretFrom({ file }, 'exchange.client_secret');
      const answer = async () =>
        ({ accessToken, tokenType: 'Bearer', expiresAt: 0, scopes: [], source: 'remote' }) as const;
      return {
        onBehalfOf: answer,
        forMachine: answer,
        close: async () => void told.push(`closed ${accessToken}`),
      };
    },
    onReload: () => told.push('reloaded'),
    onFault: (error) => told.push(String(error)),
    everyMs: 1000,
  });
  const used = async () => {
    const [user, machine] = await Promise.all([
      exchange.onBehalfOf({ target: 'api', scopes: [], subjectToken: 't' }),
      exchange.forMachine({ target: 'api', scopes: [] }),
    ]);
    expect(machine).toEqual(user);
    return user.accessToken;
  };
  return { exchange, told, write, used, later: () => vi.advanceTimersByTime(1000) };
}

describe('the secret that the server shows the broker', () => {
  it(verifies('op:secrets', 'is taken over when its file changes, and the old one is closed'), async () => {
    const { told, write, used, later } = follow();
    later();
    expect([await used(), told]).toEqual(['one', []]);
    write('two');
    later();
    later();
    expect(await used()).toBe('two');
    expect(told).toEqual(['closed one', 'reloaded']);
  });

  it(verifies('op:secrets', 'stays in use when the new one cannot be used, which is told once'), async () => {
    const { exchange, told, write, used, later } = follow();
    write('');
    later();
    later();
    expect(await used()).toBe('one');
    expect(told).toEqual([expect.stringMatching(/exchange\.client_secret: the file .* is empty/)]);
    write('three');
    later();
    expect(await used()).toBe('three');
    await exchange.close();
    write('four');
    later();
    expect(told.slice(1)).toEqual(['closed one', 'reloaded', 'closed three']);
  });
});
