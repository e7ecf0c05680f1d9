import { describe, expect, it } from 'vitest';
import { createSingleFlight } from './single-flight.ts';

describe('work that is under way', () => {
  it('is shared by all who want the same, and by nobody else', async () => {
    const flights = createSingleFlight<number>();
    let runs = 0;
    const work = async () => ++runs;
    const joined = [flights.run('a', [], work), flights.run('a', [], work), flights.run('b', [], work)];
    expect(joined.map((flight) => flight.joined)).toEqual([false, true, false]);
    expect(await Promise.all(joined.map(({ result }) => result))).toEqual([1, 1, 2]);
  });

  it('is not kept when it is done, whether well or not', async () => {
    const flights = createSingleFlight<number>();
    const failed = flights.run('a', [], () => Promise.reject(new Error('once')));
    const shared = flights.run('a', [], async () => 1);
    await expect(failed.result).rejects.toThrow('once');
    await expect(shared.result).rejects.toThrow('once');
    expect(await flights.run('a', [], async () => 2).result).toBe(2);
    expect(flights.run('a', [], async () => 3).joined).toBe(false);
  });

  it('is joined by nobody once it is superseded, and knows it', async () => {
    const flights = createSingleFlight<boolean>();
    const gate = Promise.withResolvers<void>();
    const old = flights.run('a', [], async (superseded) => {
      await gate.promise;
      return superseded();
    });
    flights.supersede('a');
    const fresh = flights.run('a', [], async (superseded) => superseded());
    gate.resolve();
    expect(fresh.joined).toBe(false);
    expect(await Promise.all([old.result, fresh.result])).toEqual([true, false]);
  });

  it('is superseded by its tags, and is waited for all the same', async () => {
    const flights = createSingleFlight<boolean>();
    const gate = Promise.withResolvers<void>();
    const work = async (superseded: () => boolean) => {
      await gate.promise;
      return superseded();
    };
    const [mine, other] = [flights.run('a', ['t'], work), flights.run('b', ['u'], work)];
    flights.supersedeTag('t');
    let settled = false;
    const waiting = flights.settled().then(() => {
      settled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    gate.resolve();
    await waiting;
    expect(await Promise.all([mine.result, other.result])).toEqual([true, false]);
  });
});
