import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that cannot outlive this one. */
export interface HeldProcess {
  /** True when it has ended by itself or by `stop`. */
  readonly ended: () => boolean;
  /** Asks it to end (SIGTERM) and waits, not longer than a minute. */
  readonly stop: () => Promise<void>;
}

/**
 * Runs a command in a session of its own, so that Ctrl-C does not reach it before its user is done with it. A
 * shell reads the pipe that this process holds: when it breaks, by whatever end, the command ends too, after what
 * is to come `before` its end.
 */
export function spawnHeld(command: string, logFile: string, before = ':'): HeldProcess {
  const log = openSync(logFile, 'w', 0o600);
  const script = `${command} & held=$!; cat >/dev/null; ${before}; kill $held; wait $held`;
  const shell = spawn('sh', ['-c', script], {
    stdio: ['pipe', log, log],
    detached: true,
  });
  closeSync(log);
  // The pipe must not keep this process alive: it is to break when there is nothing else left to do.
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  return {
    ended: () => shell.exitCode !== null || shell.signalCode !== null,
    stop: async () => {
      shell.ref();
      shell.stdin?.end();
      await Promise.race([closed(shell), sleep(60_000, undefined, { ref: false })]);
    },
  };
}

function closed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.once('close', () => resolve());
  });
}
