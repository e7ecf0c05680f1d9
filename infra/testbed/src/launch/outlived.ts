import { type ChildProcess, spawn } from 'node:child_process';

/** A process that a test started by itself, so that it can freeze or kill it. */
export interface Outlived {
  readonly pid: number;
  /** Name of its program, by which it is known from another that got the same id later. */
  readonly program: string;
  /** Its folder, which goes with it. */
  readonly folder: string;
}

/** A line for each, and when there are no more lines, this process is gone. */
const script = `
  noted=$(cat)
  printf '%s\\n' "$noted" | while read -r pid program folder; do
    [ -n "$folder" ] || continue
    [ "$(ps -o comm= -p "$pid")" = "$program" ] && kill -9 "$pid"
    rm -rf "$folder"
  done`;

let watcher: ChildProcess | undefined;

/**
 * Ends a process and removes its folder when this process has ended, however it ended: `kill -9` runs no handler. It
 * may have ended by then, and its folder may be gone. One shell watches for all of them.
 */
export function endIfOutlived({ pid, program, folder }: Outlived): void {
  watcher ??= watch();
  watcher.stdin?.write(`${pid} ${program} ${folder}\n`);
}

/** In a session of its own, which Ctrl-C does not reach. */
function watch(): ChildProcess {
  const shell = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.unref();
  // The pipe must not keep this process alive: it is to break when there is nothing else left to do.
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  shell.stdin.on('error', () => {});
  return shell;
}
