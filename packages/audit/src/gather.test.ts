import { describe, expect, it } from 'vitest';
import { gatherLines } from './gather.ts';

/** A file in memory, and a turn of the event loop that ends when it is told to. */
function fixture(fails: () => boolean = () => false) {
  const writes: string[] = [];
  const deferred: (() => void)[] = [];
  const closed: boolean[] = [];
  const write = (text: string) => {
    if (fails()) throw new Error('The disk is full.');
    writes.push(text);
  };
  const file = gatherLines({ write, close: () => void closed.push(true) }, (work) => deferred.push(work));
  const endTurn = () => {
    for (const work of deferred.splice(0)) work();
  };
  return { file, writes, closed, endTurn };
}

describe('lines that are gathered', () => {
  it('are appended in their order by one write, at the end of the turn', async () => {
    const { file, writes, endTurn } = fixture();
    file.write('one\n');
    file.write('two\n');
    expect(writes).toEqual([]);
    endTurn();
    await file.written();
    expect(writes).toEqual(['one\ntwo\n']);
  });

  it('are not said to be written before they are', async () => {
    const { file, writes, endTurn } = fixture();
    file.write('one\n');
    const seen = file.written().then(() => [...writes]);
    await Promise.resolve();
    endTurn();
    expect(await seen).toEqual(['one\n']);
  });

  it('fail everybody who waits for them, and nobody who comes later', async () => {
    let full = true;
    const { file, writes, endTurn } = fixture(() => full);
    file.write('one\n');
    const waiting = [file.written(), file.written()];
    endTurn();
    for (const one of waiting) await expect(one).rejects.toThrow('The disk is full.');
    full = false;
    file.write('two\n');
    endTurn();
    await file.written();
    expect(writes).toEqual(['two\n']);
  });

  it('make nobody wait where there are none', async () => {
    await expect(fixture().file.written()).resolves.toBeUndefined();
  });

  it('are appended before the file is closed', () => {
    const { file, writes, closed } = fixture();
    file.write('one\n');
    file.close();
    expect([writes, closed]).toEqual([['one\n'], [true]]);
  });
});
