import { randomBytes } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { freshSecret, isSecret, openRecord, recordKey, sealRecord } from './sealed-record.ts';

const record = { user: { issuer: 'https://idp.example', key: 'alice' }, codeVerifier: 'verifier' };

describe('a record under a secret', () => {
  const secret = freshSecret(randomBytes);
  const { key, value } = sealRecord('link', secret, record, randomBytes);

  it(verifies('tb:consent', 'is opened by its secret'), () => {
    expect(isSecret(secret)).toBe(true);
    expect(key).toBe(recordKey('link', secret));
    expect(openRecord('link', secret, value)).toEqual(record);
  });

  it(verifies(['tb:consent', 'tb:cache-sealed'], 'says nothing to who reads the store'), () => {
    const stored = `${key} ${Buffer.from(value, 'base64url').toString('latin1')}`;
    expect(['alice', 'verifier', 'idp.example', secret].filter((text) => stored.includes(text))).toEqual([]);
  });

  it.each([
    ['another secret', () => openRecord('link', freshSecret(randomBytes), value)],
    ['its secret as that of another kind', () => openRecord('state', secret, value)],
    ['its secret after a bit was changed', () => openRecord('link', secret, flipped(value))],
    ['its secret when it is empty', () => openRecord('link', secret, '')],
    [
      'its secret when it is another record',
      () => openRecord('link', secret, sealRecord('link', freshSecret(randomBytes), {}, randomBytes).value),
    ],
  ])(verifies('tb:consent', 'is not opened by %s'), (_case, open) => {
    expect(open()).toBeUndefined();
  });
});

function flipped(sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes.toString('base64url');
}
