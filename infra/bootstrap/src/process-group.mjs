import { spawn } from 'node:child_process';

/** Conventional exit codes of a process that a signal ended. @type {Readonly<Record<string, number>>} */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * @typedef {object} GroupOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} env
 * @property {import('node:child_process').StdioOptions} stdio
 * @property {(child: import('node:child_process').ChildProcess) => void} [onStart]
 * @property {number} [grace] milliseconds a group may take to end by itself; 10 s unless told
 */

/**
 * Runs a command as the leader of a process group of its own and waits for its end. Ctrl-C, a hang-up or a
 * termination of this process ends the whole group, by SIGKILL where asking did not help, and then this
 * process. Resolves to the exit code.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {GroupOptions} options
 * @returns {Promise<number>}
 */
export function runGroup(command, args, { cwd, env, stdio, onStart, grace = 10_000 }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio, detached: true });
    /** @type {NodeJS.Signals | undefined} */
    let ending;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    /** @param {NodeJS.Signals} signal */
    const end = (signal) => {
      if (ending !== undefined) return;
      ending = signal;
      signalGroup(child.pid, signal);
      timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), grace);
    };
    const signals = /** @type {NodeJS.Signals[]} */ (Object.keys(exitCodes));
    for (const signal of signals) process.on(signal, end);
    const done = () => {
      clearTimeout(timer);
      for (const signal of signals) process.removeListener(signal, end);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      // What the leader left behind goes with it.
      signalGroup(child.pid, 'SIGKILL');
      done();
      if (ending !== undefined) process.exit(exitCodes[ending]);
      resolve(code ?? exitCodes[signal ?? ''] ?? 1);
    });
    onStart?.(child);
  });
}

/**
 * @param {number | undefined} leader
 * @param {NodeJS.Signals} signal
 */
function signalGroup(leader, signal) {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // The group is gone already.
  }
}
