import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LifetimeInput, lifetimeOf } from './lifetime.ts';

const now = 1_000_000;

describe('the life of an answer', () => {
  it.each<[string, Partial<LifetimeInput>, number, number | undefined]>([
    ['expires_in when it is shortest, less 60 s', { expiresIn: 600 }, 600, 540],
    ['expires_in when it is shortest, less a fifth of a short life', { expiresIn: 100 }, 100, 80],
    ['K06 the subject token when that ends first', { expiresIn: 600, subjectExpiresAt: now + 200 }, 200, 160],
    ['K06 the subject token at its last second', { expiresIn: 600, subjectExpiresAt: now + 1 }, 1, 0.8],
    ['exp of the token when that is before expires_in', { expiresIn: 600, tokenExpiresAt: now + 50 }, 50, 40],
    ['exp of the token when expires_in is missing (P01)', { tokenExpiresAt: now + 300 }, 300, 240],
    ['the bound of the target', { expiresIn: 1e12 }, 3600, 3540],
    ['the bound of the target for a life without end (P01)', { expiresIn: Infinity }, 3600, 3540],
    ['a minute, and not kept, when nothing tells (P01)', {}, 60, undefined],
    ['the subject token when nothing else tells', { subjectExpiresAt: now + 30 }, 30, undefined],
  ])(verifies('tb:cache-ttl', 'is that of %s'), (_what, over, life, kept) => {
    const { expiresAt, cacheUntil } = lifetimeOf({ now, maxLifetime: 3600, ...over });
    expect(expiresAt - now).toBe(life);
    if (kept === undefined) expect(cacheUntil).toBeUndefined();
    else expect((cacheUntil ?? 0) - now).toBeCloseTo(kept, 6);
  });

  it.each([
    ['expires_in of 0', { expiresIn: 0 }],
    ['a negative expires_in', { expiresIn: -1 }],
    ['an exp that is over', { tokenExpiresAt: now - 1 }],
    ['no number', { expiresIn: Number.NaN }],
  ])(verifies('tb:cache-ttl', 'refuses an answer with %s (P01)'), (_what, over) => {
    expect(() => lifetimeOf({ now, maxLifetime: 3600, ...over })).toThrow(
      expect.objectContaining({ code: 'bad_gateway', reason: 'answer_expired' }),
    );
  });

  it.each([
    ['just now', 0],
    ['a second ago', -1],
  ])(
    verifies(
      ['tb:cache-ttl', 'tb:error-map'],
      'blames nobody behind when the subject token ended %s, on the way',
    ),
    (_when, ago) => {
      const input = { now, expiresIn: 300, subjectExpiresAt: now + ago, maxLifetime: 3600 };
      expect(() => lifetimeOf(input)).toThrow(
        expect.objectContaining({ code: 'invalid_token', reason: 'subject_expired' }),
      );
    },
  );

  it(verifies('tb:cache-ttl', 'is never longer than the answer, the subject or the bound'), () => {
    const seconds = fc.integer({ min: 2, max: 1e9 });
    fc.assert(
      fc.property(seconds, seconds, seconds, seconds, (expiresIn, exp, subject, maxLifetime) => {
        const times = { tokenExpiresAt: now + exp, subjectExpiresAt: now + subject };
        const { expiresAt, cacheUntil = Infinity } = lifetimeOf({ now, expiresIn, maxLifetime, ...times });
        const life = Math.min(expiresIn, exp, subject, maxLifetime);
        expect(expiresAt - now).toBe(life);
        expect(expiresAt - cacheUntil).toBeCloseTo(Math.min(60, life * 0.2), 6);
      }),
    );
  });
});
