// Loaded with --import into a process that must not outlive its parent. The parent holds the other end of
// standard input; when it ends, however it ends, the pipe closes and this process is asked to end too.
const GRACE_MS = 10_000;

process.stdin.once('close', endWithParent).once('error', endWithParent);
process.stdin.resume();
if ('unref' in process.stdin) process.stdin.unref();

function endWithParent() {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}
