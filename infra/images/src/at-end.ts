import { spawn } from 'node:child_process';

/** What is to be done when this process is gone. */
export interface AtEnd {
  /** It is done already: the command is not run any more. */
  readonly dismiss: () => void;
}

/**
 * Runs a command when this process has ended, however it ended, unless it was dismissed before. A shell in a session
 * of its own reads the pipe that this process holds, so that neither Ctrl-C nor `kill -9` passes it by.
 */
export function atEnd(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): AtEnd {
  const script = 'read -r _ && exit 0; exec "$0" "$@"';
  const shell = spawn('sh', ['-c', script, command, ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env,
  });
  shell.unref();
  // The pipe must not keep this process alive: it is to break when there is nothing else left to do.
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  shell.stdin.on('error', () => {});
  return { dismiss: () => void shell.stdin.end('dismissed\n') };
}
