import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withMachineLock } from './machine-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Work that goes on until it is told to end, and what happened in order. */
function worker(name: string, events: string[]) {
  const { promise: told, resolve: end } = Promise.withResolvers<void>();
  const work = async () => {
    events.push(`${name} begins`);
    await told;
    events.push(`${name} ends`);
    return name;
  };
  return { work, end };
}

describe('withMachineLock', () => {
  it('lets one work at a time, says so to the other, and gives each its result', async () => {
    const file = join(folder, 'one', 'images.lock');
    const events: string[] = [];
    const [first, second] = [worker('first', events), worker('second', events)];
    const one = withMachineLock(file, first.work, { onWait: () => events.push('first waits') });
    const two = withMachineLock(file, second.work, { onWait: () => events.push('second waits') });
    second.end();
    expect(events).toEqual(['first begins', 'second waits']);
    first.end();
    expect(await Promise.all([one, two])).toEqual(['first', 'second']);
    expect(events).toEqual(['first begins', 'second waits', 'first ends', 'second begins', 'second ends']);
  });

  it('is free again after work that failed', async () => {
    const file = join(folder, 'failed.lock');
    const failing = withMachineLock(file, () => Promise.reject(new Error('no disk')));
    await expect(failing).rejects.toThrow('no disk');
    expect(await withMachineLock(file, async () => 'free')).toBe('free');
  });

  it('gives the wait up when it is told to', async () => {
    const file = join(folder, 'given-up.lock');
    const { work, end } = worker('first', []);
    const first = withMachineLock(file, work);
    const events: string[] = [];
    const waiting = withMachineLock(file, worker('second', events).work, { signal: AbortSignal.timeout(50) });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(events).toEqual([]);
    end();
    await first;
  });
});
