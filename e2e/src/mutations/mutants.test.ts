import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { gaps } from '../../gaps.ts';
import { requirements } from '../../requirements.ts';
import { mutate } from './mutant.ts';
import { mutants } from './mutants.ts';
import { withoutMutant } from './without-mutant.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('the mutants', () => {
  it('change the source as it is today', () => {
    for (const mutant of mutants) {
      const source = readFileSync(`${root}/${mutant.file}`, 'utf8');
      expect(mutate(source, mutant)).not.toBe(source);
    }
  });

  it('have a name each', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it('break every requirement of the resource server, the scopes and the broker that is proved', () => {
    const broken = new Set<string>(mutants.flatMap(({ breaks }) => breaks));
    const proved = Object.keys(requirements).filter((id) => /^(?:rs|sc|tb):/.test(id) && !(id in gaps));
    const missing = proved.filter((id) => !broken.has(id) && !(id in withoutMutant));
    expect(missing).toEqual([]);
    expect(Object.keys(withoutMutant).filter((id) => broken.has(id))).toEqual([]);
  });
});
