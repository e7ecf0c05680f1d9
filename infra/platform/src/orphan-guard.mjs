// Loaded with --import into a process that must not outlive its parent. The parent holds the other end of
// standard input; when it ends, however it ends, the pipe closes and this process is asked to end too. What
// the parent can then no longer clean up, the folder that MCP_OBO_RUN_DIR names, goes with it.
import { rmSync } from 'node:fs';

const GRACE_MS = 10_000;

process.stdin.once('close', endWithParent).once('error', endWithParent);
process.stdin.resume();
if ('unref' in process.stdin) process.stdin.unref();

let ending = false;
function endWithParent() {
  if (ending) return;
  ending = true;
  removeRunDir();
  process.once('exit', removeRunDir);
  setTimeout(() => {
    removeRunDir();
    process.kill(process.pid, 'SIGKILL');
  }, GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}

function removeRunDir() {
  const dir = process.env.MCP_OBO_RUN_DIR;
  if (dir) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}
