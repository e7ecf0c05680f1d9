import type { Grant } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createStepUpMemory } from './step-up-memory.ts';

const grant = (tokenHash: string, issuedAt = 100, client = 'c') =>
  ({ issuer: 'https://idp.example', subject: 'u', client, tokenHash, issuedAt, expiresAt: 1000 }) as Grant;

describe('step-up memory', () => {
  it(verifies('sc:challenge', 'knows that a newer token is the answer to a challenge'), () => {
    const memory = createStepUpMemory(() => 0);
    memory.challenged(grant('a'), 'tool write', 'insufficient_scope');
    memory.used(grant('b'), 'tool write');
    memory.used(grant('b'), 'tool read');
    expect(memory.answered(grant('b'), 'tool write')).toBe('insufficient_scope');
  });

  it.each([
    ['the same token again', grant('a')],
    ['an older token', grant('b', 99)],
    ['another client', grant('b', 100, 'other')],
  ])('takes %s for no answer', (_case, next) => {
    const memory = createStepUpMemory(() => 0);
    memory.challenged(grant('a'), 'tool write', 'insufficient_scope');
    memory.used(next, 'tool write');
    expect(memory.answered(next, 'tool write')).toBeUndefined();
  });

  it('takes a token that was used for something else before for that of another session', () => {
    const memory = createStepUpMemory(() => 0);
    memory.challenged(grant('a'), 'tool write', 'insufficient_scope');
    memory.used(grant('b'), 'method initialize');
    memory.used(grant('b'), 'tool write');
    expect(memory.answered(grant('b'), 'tool write')).toBeUndefined();
  });

  it('takes a challenge for one operation for no answer to another', () => {
    const memory = createStepUpMemory(() => 0);
    memory.challenged(grant('a'), 'tool write', 'insufficient_scope');
    memory.used(grant('b'), 'tool read');
    expect(memory.answered(grant('b'), 'tool read')).toBeUndefined();
  });

  it('forgets after five minutes', () => {
    let now = 1000;
    const memory = createStepUpMemory(() => now);
    memory.challenged(grant('a'), 'tool write', 'insufficient_scope');
    now += 5 * 60_000 + 1;
    memory.used(grant('b'), 'tool write');
    expect(memory.answered(grant('b'), 'tool write')).toBeUndefined();
  });
});
