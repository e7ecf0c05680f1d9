import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { preferredWait, within } from './prefer-wait.ts';

describe('the wait that a client prefers (RFC 7240 §4.3)', () => {
  it.each([
    ['wait=5', 5],
    ['respond-async, wait=10', 10],
    ['Wait = "7"', 7],
    [['handling=lenient', 'wait=3;x=y'], 3],
    ['wait=0', 0],
    ['wait=999999999', 300],
  ] as const)('is read from %j', (header, seconds) => {
    expect(preferredWait(header)).toBe(seconds);
  });

  it.each([undefined, '', 'wait', 'wait=', 'wait=-1', 'wait=1e3', 'await=5', 'wait=five', 'wait=1.5'])(
    'is none in %j',
    (header) => {
      expect(preferredWait(header)).toBeUndefined();
    },
  );
});

describe('an answer', () => {
  it(verifies('tb:retry', 'that its client does not wait for any more is 503 with Retry-After'), async () => {
    const never = new Promise<never>(() => undefined);
    await expect(within(never, 0)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      status: 503,
      reason: 'deadline',
      retryAfter: 1,
    });
  });

  it('is what it is in time, also when it is a refusal, and without a wait', async () => {
    expect(await within(Promise.resolve('a'), 5)).toBe('a');
    expect(await within(Promise.resolve('a'), undefined)).toBe('a');
    await expect(within(Promise.reject(new Error('refused')), 5)).rejects.toThrow('refused');
  });
});
