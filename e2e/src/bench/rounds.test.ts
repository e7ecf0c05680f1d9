import { describe, expect, it } from 'vitest';
import type { Run } from './measurement.ts';
import { runRounds, warmUpAll } from './rounds.ts';

const effort = { rounds: 2, sliceMs: 10, warmUpCalls: 1, warmUpMs: 100 };
const quiet = { onSlice: () => undefined, signal: new AbortController().signal };

/** A contender that writes down its turns and does so many calls in each. */
function contender(turns: string[], name: string, calls = 1): Run {
  return async (milliseconds) => {
    turns.push(name);
    return { calls, cpuMicros: milliseconds, milliseconds };
  };
}

describe('rounds', () => {
  it('let all contenders take turns', async () => {
    const turns: string[] = [];
    const runs = new Map(['a', 'b'].map((name) => [name, contender(turns, name)]));
    await runRounds(runs, { ...effort, ...quiet });
    expect(turns).toEqual(['a', 'b', 'a', 'b']);
  });

  it('count what each did in each', async () => {
    const slices = await runRounds(new Map([['a', contender([], 'a', 5)]]), { ...effort, ...quiet });
    expect(slices.get('a')).toEqual([
      { calls: 5, cpuMicros: 10, milliseconds: 10 },
      { calls: 5, cpuMicros: 10, milliseconds: 10 },
    ]);
  });

  it('refuse a slice in which nothing happened, and say whose it was', async () => {
    const rounds = runRounds(new Map([['idle', contender([], 'idle', 0)]]), { ...effort, ...quiet });
    await expect(rounds).rejects.toThrow('idle: 0 calls in 10 µs of CPU time are nothing to count.');
  });

  it('end between two slices when they are given up', async () => {
    const turns: string[] = [];
    const given = new AbortController();
    const run: Run = async () => {
      turns.push('a');
      given.abort();
      return { calls: 1, cpuMicros: 1, milliseconds: 1 };
    };
    const rounds = runRounds(new Map([['a', run]]), { ...effort, ...quiet, signal: given.signal });
    await expect(rounds).rejects.toThrow('aborted');
    expect(turns).toHaveLength(1);
  });
});

describe('a warm-up', () => {
  it.each([
    ['as many calls as it takes', { warmUpCalls: 7 }, 4],
    ['no longer than allowed', { warmUpCalls: 1_000_000, warmUpMs: 50 }, 5],
    ['one slice at least', { warmUpCalls: 0, warmUpMs: 1 }, 1],
  ])('is %s', async (_what, over, slices) => {
    const turns: string[] = [];
    await warmUpAll(new Map([['a', contender(turns, 'a', 2)]]), { ...effort, ...quiet, ...over });
    expect(turns).toHaveLength(slices);
  });

  it('ends with one contender before it begins with the next', async () => {
    const turns: string[] = [];
    const runs = new Map(['a', 'b'].map((name) => [name, contender(turns, name)]));
    await warmUpAll(runs, { ...effort, ...quiet, warmUpCalls: 2 });
    expect(turns).toEqual(['a', 'a', 'b', 'b']);
  });
});
