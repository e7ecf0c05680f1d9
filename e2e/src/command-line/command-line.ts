import { createProgress, type Progress } from '../bench/progress.ts';

/** Writes the last words of a command: to standard output when it went well, else to standard error. */
export function say(text: string, code: number): number {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return code;
}

/** Aborts when the command is told to end. */
export function whenInterrupted(): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupt.abort(new Error('Interrupted.')));
  return interrupt.signal;
}

/** What is under way, on standard error. */
export function progressOnStderr(): Progress {
  return createProgress({
    terminal: process.stderr.isTTY === true,
    write: (text) => process.stderr.write(text),
  });
}
