import { describe, expect, it } from 'vitest';
import { withExchanges } from './token-endpoint.ts';

/** A run whose slices have a hundred calls and make so many exchanges, one number for each slice. */
function counted(perSlice: readonly number[]) {
  let exchanges = 0;
  let slices = 0;
  const run = async () => {
    exchanges += perSlice[slices++] ?? 0;
    return { calls: 100, cpuMicros: 1000, milliseconds: 10 };
  };
  return { run, idp: { exchanges: async () => exchanges }, slices: () => slices };
}

describe('a run whose exchanges are counted', () => {
  it.each([
    ['hits that made none', 0 as const, [0], 1],
    ['hits of which one in a hundred missed', 0 as const, [1], 1],
    ['hits, after a slice with misses', 0 as const, [100, 2, 0], 3],
    ['misses that made one each', 1 as const, [100], 1],
  ])('gives a slice of %s', async (_what, perCall, perSlice, slices) => {
    const { run, idp, slices: done } = counted(perSlice);
    expect(await withExchanges(run, idp, perCall)(10)).toEqual({
      calls: 100,
      cpuMicros: 1000,
      milliseconds: 10,
    });
    expect(done()).toBe(slices);
  });

  it.each([
    ['hits that are none', 0 as const, [2, 2, 2, 2]],
    ['misses that are none', 1 as const, [0, 0, 0, 0]],
  ])('fails for %s', async (_what, perCall, perSlice) => {
    const { run, idp } = counted(perSlice);
    await expect(withExchanges(run, idp, perCall)(10)).rejects.toThrow(/100 calls made \d exchanges, not/);
  });
});
