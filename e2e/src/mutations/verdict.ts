import { claimsOf } from '../manifest/coverage.ts';
import type { Mutant } from './mutant.ts';
import type { TestRun } from './test-run.ts';

/** What became of a mutant. */
export type Verdict =
  /** A test that claims the requirement fails now and passed before. */
  | { readonly verdict: 'killed'; readonly by: string }
  /** All tests that claim the requirement pass as before: they prove less than they say. */
  | { readonly verdict: 'survived'; readonly ran: number }
  /** Nothing can be said: no such test passes without the mutant, or none ran with it. */
  | { readonly verdict: 'undecided'; readonly why: string };

/**
 * Judges a mutant by its tests, without it and with it. Only the failure of a test that passed before and
 * claims a broken requirement kills: a file that no longer loads, or another test, proves nothing about the
 * rule.
 */
export function judge({ breaks }: Mutant, before: readonly TestRun[], after: readonly TestRun[]): Verdict {
  const ids: readonly string[] = breaks;
  const claiming = (runs: readonly TestRun[], outcome: 'passed' | 'failed') =>
    runs
      .flatMap(({ tests }) => tests)
      .filter((test) => test.outcome === outcome && claimsOf(test.title).some((id) => ids.includes(id)))
      .map(({ title }) => title);
  const sound = new Set(claiming(before, 'passed'));
  if (sound.size === 0) {
    const failing = claiming(before, 'failed').length;
    const why = failing > 0 ? `${failing} fail without the mutant` : 'no test there claims it';
    return { verdict: 'undecided', why: `${ids.join(', ')}: ${why}` };
  }
  const [by] = claiming(after, 'failed').filter((title) => sound.has(title));
  if (by !== undefined) return { verdict: 'killed', by };
  if (after.some(({ timedOut }) => timedOut)) return { verdict: 'undecided', why: 'the tests did not end' };
  const ran = claiming(after, 'passed').filter((title) => sound.has(title)).length;
  if (ran === sound.size) return { verdict: 'survived', ran };
  const lines = after.map(({ tail }) => tail.trim().split('\n').at(-1) ?? '').filter((line) => line !== '');
  return { verdict: 'undecided', why: `only ${ran} of ${sound.size} tests ran. ${lines.join(' ')}`.trim() };
}
