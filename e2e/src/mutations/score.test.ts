import { describe, expect, it } from 'vitest';
import { scoreOf, scoreTable } from './score.ts';

const at = (status: string, line: number) => ({ status, replacement: 'true', location: { start: { line } } });

describe('the score of a package', () => {
  it('counts what runs: noticed by a failure or by tests that do not end', () => {
    const files = {
      'src/a.ts': { mutants: [at('Killed', 1), at('Timeout', 2), at('Ignored', 3), at('CompileError', 4)] },
      'src/b.ts': { mutants: [at('Survived', 5), at('NoCoverage', 6)] },
    };
    const score = scoreOf('scopes', { files });
    expect(score).toMatchObject({ killed: 2, survived: 2, percent: 50 });
    expect(scoreTable([score])).toBe(
      'packages/scopes: 50.0 % of 4 mutants noticed\n  src/b.ts:5: true\n  src/b.ts:6: true',
    );
  });
});
