import { parseArgs } from 'node:util';
import { type Mutant, testPlaces } from './mutant.ts';
import { mutants } from './mutants.ts';
import { scored } from './scored.ts';

export interface MutationOptions {
  readonly json: boolean;
  readonly mutants: readonly Mutant[];
  readonly jobs: number;
  /** Packages to score by Stryker instead. */
  readonly score: readonly string[];
}

/** Wrong arguments; the message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const help = `npm run mutations: breaks one security rule at a time and runs the tests that claim it

Options (after --):
  --only NAME     mutants whose name or requirement begins so, e.g. rs:aud or tb:cache-key; may repeat
  --list          names the mutants and runs nothing
  --score NAME    runs Stryker on a package instead: ${Object.keys(scored).join(', ')} or all; may repeat
  --jobs N        how many at a time, 1 to 8 (default 1), each in a copy of the project of its own
  --json          no table; the last line is the whole result as JSON
  --help          this text

Each mutant is a change of one place in the source, made in a throw-away copy of the project. It is killed when
a test fails that passed without it and claims the requirement it breaks. A mutant that survives, or about
which nothing can be said, is a failure.

Exit codes: 0 all killed, or scored; 1 not all; 2 wrong arguments; 130 ended by Ctrl-C.`;

/** The options of the command line, or what to print instead of running. Throws a `UsageError`. */
export function readOptions(args: readonly string[]): MutationOptions | 'help' | 'list' {
  const { help: asked, list, only, jobs, json, score } = parse(args);
  if (asked) return 'help';
  if (list) return 'list';
  const number = Number(jobs);
  if (!Number.isInteger(number) || number < 1 || number > 8)
    throw new UsageError(`--jobs must be a whole number from 1 to 8, not ${jobs}.`);
  for (const name of only)
    if (!mutants.some(named(name))) throw new UsageError(`No mutant is named ${name}.`);
  const names = Object.keys(scored);
  const unknown = score.find((name) => name !== 'all' && !names.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--score knows ${names.join(', ')} and all, not ${unknown}.`);
  const chosen =
    only.length === 0 ? mutants : mutants.filter((mutant) => only.some((name) => named(name)(mutant)));
  return { json, jobs: number, mutants: chosen, score: score.includes('all') ? names : score };
}

/** One line a mutant. */
export function listing(): string {
  const width = Math.max(...mutants.map(({ name }) => name.length));
  return mutants
    .map((mutant) => {
      const places = testPlaces(mutant).map(({ workspace }) => workspace);
      return `${mutant.name.padEnd(width)}  ${mutant.breaks.join(' ')}  (${mutant.file}; tests of ${places.join(', ')})`;
    })
    .join('\n');
}

function named(start: string) {
  return ({ name, breaks }: Mutant) => name.startsWith(start) || breaks.some((id) => id.startsWith(start));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true, default: [] },
        score: { type: 'string', multiple: true, default: [] },
        jobs: { type: 'string', default: '1' },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
