import { spawn, spawnSync } from 'node:child_process';

/** Conventional exit codes of a process that a signal ended. @type {Readonly<Record<string, number>>} */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Read at once, as it changes when that process ends. */
const startedBy = process.ppid;

/**
 * @typedef {object} GroupOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} env
 * @property {import('node:child_process').StdioOptions} stdio
 * @property {(child: import('node:child_process').ChildProcess) => void} [onStart]
 * @property {number} [grace] milliseconds a group may take to end by itself; 10 s unless told
 */

/**
 * Runs a command as the leader of a session of its own and waits for its end. Ctrl-C, a hang-up or a termination
 * of this process is passed on, and so is the end of the npm that started it; the session then has some time to
 * end, and with its leader everything in it ends, groups of their own that tools make for their tasks included.
 * Then this process ends by the same signal's exit code. Resolves to the exit code of the leader.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {GroupOptions} options
 * @returns {Promise<number>}
 */
export function runGroup(command, args, { cwd, env, stdio, onStart, grace = 10_000 }) {
  return new Promise((resolve, reject) => {
    /** @type {NodeJS.Signals | undefined} */
    let ending;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    /** @param {NodeJS.Signals} signal */
    const end = (signal) => {
      if (ending !== undefined) return;
      ending = signal;
      signalGroup(child.pid, signal);
      timer = setTimeout(() => killSession(child.pid), grace);
    };
    const signals = /** @type {NodeJS.Signals[]} */ (Object.keys(exitCodes));
    // Before there is a group: a signal that comes while it starts would end this process alone.
    for (const signal of signals) process.on(signal, end);
    const child = spawn(command, args, { cwd, env, stdio, detached: true });
    // Whoever kills npm means all of it, and a killed npm passes nothing on.
    const watch = env.npm_lifecycle_event === undefined ? undefined : onOrphaned(() => end('SIGTERM'));
    const done = () => {
      clearTimeout(timer);
      clearInterval(watch);
      for (const signal of signals) process.removeListener(signal, end);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      killSession(child.pid);
      done();
      if (ending !== undefined) process.exit(exitCodes[ending]);
      resolve(code ?? exitCodes[signal ?? ''] ?? 1);
    });
    onStart?.(child);
  });
}

/**
 * Calls back once the process that started this one is gone.
 * @param {() => void} orphaned
 */
function onOrphaned(orphaned) {
  return setInterval(() => {
    if (process.ppid !== startedBy) orphaned();
  }, 500).unref();
}

/**
 * @param {number | undefined} leader
 * @param {NodeJS.Signals} signal
 */
function signalGroup(leader, signal) {
  if (leader !== undefined) send(-leader, signal);
}

/**
 * Ends what is left of a session. Where `ps` tells no sessions, that is its first group.
 * @param {number | undefined} leader
 */
function killSession(leader) {
  if (leader === undefined) return;
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,sess='], { encoding: 'utf8' });
  for (const line of (stdout ?? '').split('\n')) {
    const [pid, session] = line.trim().split(/\s+/).map(Number);
    if (pid !== undefined && session === leader) send(pid, 'SIGKILL');
  }
  send(-leader, 'SIGKILL');
}

/**
 * @param {number} target
 * @param {NodeJS.Signals} signal
 */
function send(target, signal) {
  try {
    process.kill(target, signal);
  } catch {
    // It is gone already.
  }
}
