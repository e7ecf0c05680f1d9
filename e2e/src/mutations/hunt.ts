import { type Mutant, type TestPlace, testPlaces } from './mutant.ts';
import { runTests, type TestRun } from './test-run.ts';
import { judge, type Verdict } from './verdict.ts';
import { copyWorkspace, type WorkspaceCopy } from './workspace-copy.ts';

export type HuntResult = Verdict & { readonly mutant: Mutant; readonly seconds: number };

export interface HuntOptions {
  /** Root of the project. */
  readonly root: string;
  readonly mutants: readonly Mutant[];
  /** How many mutants at a time, each in a copy of its own. */
  readonly jobs: number;
  /** For the tests of one mutant at one place. */
  readonly timeoutMs: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly onResult: (result: HuntResult) => void;
  readonly signal: AbortSignal;
}

/**
 * Lets the tests loose on each mutant: applied to a copy of the project, never in place. The answer is in
 * the order of the mutants. Rejects with a `MutantError` before anything runs when a source has moved.
 */
export async function hunt(options: HuntOptions): Promise<readonly HuntResult[]> {
  const { mutants, jobs, timeoutMs, now, onResult, signal } = options;
  const copies: WorkspaceCopy[] = [];
  const removeAll = () => {
    for (const copy of copies) copy.remove();
  };
  process.once('exit', removeAll);
  const baselines = new Map<string, Promise<TestRun>>();
  const results = new Map<string, HuntResult>();
  const queue = [...mutants];
  const ids = [...new Set(mutants.flatMap(({ breaks }) => breaks))];

  async function hunter(copy: WorkspaceCopy): Promise<void> {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const started = now();
      const result = await chase(copy, mutant);
      const seconds = (now() - started) / 1000;
      results.set(mutant.name, { ...result, mutant, seconds });
      onResult({ ...result, mutant, seconds });
    }
  }

  async function chase(copy: WorkspaceCopy, mutant: Mutant): Promise<Verdict> {
    const places = testPlaces(mutant);
    const before: TestRun[] = [];
    for (const place of places) before.push(await baseline(copy, place));
    const mend = copy.apply(mutant);
    try {
      const after: TestRun[] = [];
      for (const place of places) {
        const run = { root: copy.root, place, ids: mutant.breaks, timeoutMs, signal };
        after.push(await runTests(run));
        const verdict = judge(mutant, before, after);
        if (verdict.verdict === 'killed') return verdict;
      }
      return judge(mutant, before, after);
    } finally {
      mend();
    }
  }

  /** The tests of a place without any mutant, once for all mutants. The copy is clean between two of them. */
  function baseline(copy: WorkspaceCopy, place: TestPlace): Promise<TestRun> {
    const key = JSON.stringify(place);
    const known = baselines.get(key);
    if (known !== undefined) return known;
    const run = runTests({ root: copy.root, place, ids, timeoutMs: timeoutMs * 4, signal });
    baselines.set(key, run);
    return run;
  }

  try {
    for (let count = 0; count < Math.min(jobs, mutants.length); count += 1)
      copies.push(copyWorkspace(options.root));
    const [first] = copies;
    for (const mutant of first === undefined ? [] : mutants) first?.apply(mutant)();
    await Promise.all(copies.map(hunter));
    return mutants.flatMap(({ name }) => results.get(name) ?? []);
  } finally {
    process.removeListener('exit', removeAll);
    removeAll();
  }
}
