// keeper.mjs COMMAND [arguments]: runs a command that must not outlive the process that asked for it. That one
// holds the other end of standard input; when it ends, however it ends, the pipe closes and the command is
// asked to end, then killed. The keeper leads the process group, so that one signal to the group reaches all.
// What the parent can then no longer clean up, the folder that MCP_OBO_RUN_DIR names, goes with it.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const GRACE_MS = 8_000;

const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
let ending = false;

child.once('error', (error) => {
  process.stderr.write(`${command} cannot be started: ${error.message}\n`);
  process.exit(127);
});
child.once('exit', (code, signal) => {
  killGroup('SIGTERM');
  process.exitCode = code ?? (signal === 'SIGTERM' ? 143 : 137);
  process.stdin.destroy();
});

process.stdin.once('close', () => end(true)).once('error', () => end(true));
process.stdin.resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(false));

/** @param {boolean} orphaned */
function end(orphaned) {
  if (orphaned) {
    removeRunDir();
    process.once('exit', removeRunDir);
  }
  if (ending || child.exitCode !== null || child.signalCode !== null) return;
  ending = true;
  child.kill('SIGTERM');
  setTimeout(() => {
    if (orphaned) removeRunDir();
    killGroup('SIGKILL');
  }, GRACE_MS).unref();
}

/** @param {NodeJS.Signals} signal */
function killGroup(signal) {
  try {
    // The group is ours only when we lead it.
    process.kill(-process.pid, signal);
  } catch {
    // Nobody else is left, or we do not lead a group.
  }
}

function removeRunDir() {
  const dir = process.env.MCP_OBO_RUN_DIR;
  if (dir) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}
