import { parseArgs } from 'node:util';
import { measurements, notInQuick } from './measurements.ts';
import type { Effort } from './rounds.ts';
import { trials } from './trials.ts';

export interface BenchOptions {
  readonly json: boolean;
  /** Ids of the measurements to run. */
  readonly only: readonly string[];
  readonly effort: Effort;
  /** File for the raw data; the default one when absent. */
  readonly out?: string;
  /** Whether the run becomes the one that the documentation tells of. */
  readonly record: boolean;
}

/** Wrong arguments; the message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const full: Effort = {
  rounds: 7,
  sliceMs: 600,
  warmUpCalls: 20_000,
  warmUpMs: 15_000,
  windows: 7,
  quick: false,
};
const quick: Effort = {
  rounds: 5,
  sliceMs: 200,
  warmUpCalls: 30_000,
  warmUpMs: 3000,
  windows: 3,
  quick: true,
};

const knownIds = [...measurements, ...trials].map(({ id }) => id);
/** What the short result needs. */
const quickIds = knownIds.filter((id) => !notInQuick.has(id));

export const help = `npm run bench: measures CPU time per call, beside the peers

Options (after --):
  --quick         the goals alone, in ${quick.rounds} short rounds: about two minutes, for a first look
  --only ID       one measurement; may repeat: ${knownIds.join(', ')}
  --json          no table; the last line is the short result as JSON
  --record        puts the figures into docs/performance.md, its raw data and its chart
  --out FILE      where the raw data goes (default artifacts/bench.json)
  --help          this text

Every contender works in a process of its own, all take turns, and what counts is the CPU time (user and
system) of that process by the number of calls.

Exit codes: 0 measured, 1 something failed, 2 wrong arguments, 130 ended by Ctrl-C.`;

/** The options of the command line, or `help`. Throws a `UsageError`. */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  const unknown = values.only.find((id) => !knownIds.includes(id));
  if (unknown !== undefined) throw new UsageError(`--only knows ${knownIds.join(', ')}, not ${unknown}.`);
  const all = values.quick ? quickIds : knownIds;
  const only = values.only.length === 0 ? all : values.only;
  const { json, out, record } = values;
  return { json, record, only, effort: values.quick ? quick : full, ...(out !== undefined && { out }) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true, default: [] },
        out: { type: 'string' },
        quick: { type: 'boolean', default: false },
        record: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
