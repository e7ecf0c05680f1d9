import { parseArgs } from 'node:util';
import { type BreakName, breakName, breaks, type IdpKind, idpKinds } from '@mcp-obo/platform';
import { pictureProblem } from '../trace/picture/file.ts';

export interface DemoOptions {
  readonly json: boolean;
  readonly basePort: number;
  readonly idp: IdpKind;
  readonly breakHop?: BreakName;
  /** Print all of the trace and not one call of it. */
  readonly wholeTrace: boolean;
  /** File that the printed trace is drawn to. */
  readonly traceOut?: string;
}

/** Wrong arguments; the message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const help = `npm run demo: starts the whole platform and plays the flow with a real MCP client

Options (after --):
  --json          one JSON line for each step; the last says whether all went well
  --ports BASE    first of five ports on 127.0.0.1 (default 4000)
  --break HOP     breaks a hop on purpose: ${Object.keys(breaks).join(', ')}
  --trace         prints the whole trace; without it, one call of it
  --trace-out F   draws the printed trace to the file F, an .svg or an .html
  --idp NAME      embedded (default) or keycloak: Keycloak under Java, and a redis-server of its own
  --help          this text

Exit codes: 0 all steps went well, 1 a step failed (its hop is named), 2 wrong arguments, 130 ended by Ctrl-C.`;

/** The options of the command line, or `help`. Throws a `UsageError`. */
export function readOptions(args: readonly string[]): DemoOptions | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  const idp = idpKinds.find((kind) => kind === values.idp);
  if (idp === undefined) throw new UsageError(`--idp knows ${idpKinds.join(' and ')}, not ${values.idp}.`);
  const basePort = Number(values.ports);
  if (!/^\d+$/.test(values.ports) || basePort < 1024 || basePort > 65_531)
    throw new UsageError('--ports must be a number from 1024 to 65531.');
  const options = {
    json: values.json,
    basePort,
    idp,
    wholeTrace: values.trace,
    ...(values['trace-out'] !== undefined && { traceOut: pictureFile(values['trace-out']) }),
  };
  if (values.break === undefined) return options;
  const breakHop = breakName(values.break);
  if (breakHop === undefined)
    throw new UsageError(`--break knows ${Object.keys(breaks).join(', ')}, not ${values.break}.`);
  return { ...options, breakHop };
}

function pictureFile(file: string): string {
  const problem = pictureProblem(file);
  if (problem !== undefined) throw new UsageError(`--trace-out: ${problem}`);
  return file;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        ports: { type: 'string', default: '4000' },
        break: { type: 'string' },
        trace: { type: 'boolean', default: false },
        'trace-out': { type: 'string' },
        idp: { type: 'string', default: 'embedded' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
