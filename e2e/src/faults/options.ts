import { parseArgs } from 'node:util';
import { type Fault, faults } from './faults.ts';
import { isPlant, type PlantName, plants } from './plants.ts';

export interface FaultOptions {
  readonly json: boolean;
  readonly faults: readonly Fault[];
  readonly seconds: number;
  readonly plant: PlantName | undefined;
}

/** Wrong arguments; the message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const plantLines = Object.entries(plants).map(([name, { makes }]) => `                    ${name}: ${makes}`);

export const help = `npm run faults: breaks Redis, the network and brokers under traffic, and looks for wrong answers

Options (after --):
  --quick           the short suite: fewer faults, and each for two seconds
  --seconds N       how long each fault lasts, 1 to 60 (default 6)
  --only TEXT       faults whose Redis or name contains the text; may repeat
  --plant NAME      makes the brokers wrong on purpose, which must be found:
${plantLines.join('\n')}
  --json            no table; the last line is the whole result as JSON
  --help            this text

Real processes: brokers, redis-server in every topology, an issuer, a proxy for the network. A wrong answer is a
token for another user, audience or scope, one that has expired, or one that was revoked a second ago.

Exit codes: 0 no wrong answer, 1 wrong answers or a failure, 2 wrong arguments, 130 ended by Ctrl-C.`;

/** The options of the command line, or `help`. Throws a `UsageError`. */
export function readOptions(args: readonly string[]): FaultOptions | 'help' {
  const { help: asked, json, quick, only, plant, seconds } = parse(args);
  if (asked) return 'help';
  const length = Number(seconds ?? (quick ? 2 : 6));
  if (!(length >= 1 && length <= 60)) throw new UsageError(`--seconds must be from 1 to 60, not ${seconds}.`);
  if (plant !== undefined && !isPlant(plant))
    throw new UsageError(`--plant knows ${Object.keys(plants).join(' and ')}, not ${plant}.`);
  const named = ({ name, topology }: Fault) =>
    only.length === 0 || only.some((text) => `${topology} ${name}`.includes(text));
  const chosen = faults.filter((fault) => named(fault) && (!quick || fault.quick === true));
  if (chosen.length === 0) throw new UsageError(`No fault is named ${only.join(', ')}.`);
  return { json, faults: chosen, seconds: length, plant };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        only: { type: 'string', multiple: true, default: [] },
        plant: { type: 'string' },
        seconds: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
