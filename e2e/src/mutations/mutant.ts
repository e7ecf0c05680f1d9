import type { RequirementId } from '../../requirements.ts';

/** Where tests are that must notice: those of a workspace that claim a requirement of the mutant. */
export interface TestPlace {
  /** Folder of the workspace, from the root of the project. */
  readonly workspace: string;
  /** Test files, or parts of their paths; all of the workspace when absent. */
  readonly files?: readonly string[];
}

/** One security rule, broken on purpose by a change of one place in the source. */
export interface Mutant {
  /** Short and unique; `--only` takes it. */
  readonly name: string;
  /** Requirements that the change breaks. A test that claims one of them must fail. */
  readonly breaks: readonly RequirementId[];
  /** Source file, from the root of the project. */
  readonly file: string;
  /** Text that must stand in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Where the tests are; the workspace of the file unless told. */
  readonly tests?: readonly TestPlace[];
}

/** The source moved away from under a mutant: the mutant is to be mended, and no verdict is possible. */
export class MutantError extends Error {
  override readonly name = 'MutantError';
}

/** The source with the rule broken. Throws a `MutantError` unless the text stands there exactly once. */
export function mutate(source: string, { name, file, find, replace }: Mutant): string {
  const parts = source.split(find);
  if (parts.length === 2 && find !== replace) return parts.join(replace);
  const times = parts.length - 1;
  const problem = find === replace ? 'it changes nothing' : `its text stands ${times} times in ${file}`;
  throw new MutantError(`Mutant ${name}: ${problem}. Adapt it to the source.`);
}

/** The places of its tests. */
export function testPlaces({ tests, file }: Mutant): readonly TestPlace[] {
  if (tests !== undefined) return tests;
  const [first = '', second = ''] = file.split('/');
  return [{ workspace: first === 'e2e' ? first : `${first}/${second}` }];
}
