import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { subjectKey } from '@mcp-obo/grant';
import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry, type Kept } from '../src/cache-entry.ts';
import { createTokenMemory } from '../src/memory/token-memory.ts';

const tokenLength = 1000;

function kept(accessToken: string, until: number): Kept {
  const token = {
    accessToken,
    tokenType: 'Bearer',
    expiresAt: until + 60,
    scopes: ['api:expenses.read', 'api:expenses.write'],
    issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
  } as const;
  const obtained = {
    issuer: 'https://idp.example/acme',
    client: 'mcp-server',
    registration: 'https://mcp.example/mcp',
    subjectIssuedAt: 1_795_262_400,
  };
  const tokenKey = subjectKey('token', obtained.issuer, randomBytes(16).toString('hex'));
  return { kind: 'token', until, token, tokenKey, obtained };
}

describe('the memory of an engine', () => {
  it('counts at least what an entry costs, and an entry costs at most 2 KiB above its token', () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const entries = 20_000;
    const memory = createTokenMemory({ maxBytes: 1024 * 1024 * 1024, now: () => 0 });
    const fill = (from: number, to: number) => {
      for (let index = from; index < to; index += 1) {
        const key = `x2:${randomBytes(32).toString('base64url')}`;
        const token = randomBytes((tokenLength * 3) / 4).toString('base64url');
        // As it comes from the cache: every text of its own.
        const entry = decodeEntry(encodeEntry(key, kept(token, 2e9)), key, 0);
        const tag = (kind: 'token' | 'client' | 'user' | 'session', value: string) =>
          subjectKey(kind, 'https://idp.example/acme', value);
        const own = [`jti-${index}`, `user-${index}`, `sid-${index}`] as const;
        const tags = [
          tag('token', own[0]),
          tag('client', 'inspector'),
          tag('user', own[1]),
          tag('session', own[2]),
        ];
        if (entry?.kind !== 'token') throw new Error('The entry cannot be read.');
        memory.put(key, entry, [...tags, entry.tokenKey], memory.ticket());
      }
    };
    fill(0, 100);
    collect();
    const before = process.memoryUsage().heapUsed;
    const counted = memory.bytes();
    fill(100, 100 + entries);
    collect();
    const perEntry = (process.memoryUsage().heapUsed - before) / entries;
    expect(memory.get('nothing')).toBeUndefined();
    expect(perEntry).toBeLessThan(tokenLength + 2048);
    expect(perEntry).toBeGreaterThan(tokenLength);
    expect((memory.bytes() - counted) / entries).toBeGreaterThan(perEntry);
  });
});
