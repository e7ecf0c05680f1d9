import type { Ended, RunCommand } from '../src/command.ts';

/** A machine on which commands answer from a table, and which remembers what ran. */
export interface Machine {
  readonly run: RunCommand;
  /** Command lines, in order. */
  readonly ran: readonly string[];
}

/** Answers by the first pattern that a command line matches; everything else is not there (127). */
export function machine(answers: () => readonly (readonly [RegExp, Partial<Ended>])[]): Machine {
  const ran: string[] = [];
  const run: RunCommand = async (command, args) => {
    const line = [command, ...args].join(' ');
    ran.push(line);
    const found = answers().find(([pattern]) => pattern.test(line))?.[1];
    return { code: found === undefined ? 127 : 0, stdout: '', stderr: '', ...found };
  };
  return { run, ran };
}
