import { spawn } from 'node:child_process';

export interface BrowserOpenerOptions {
  readonly platform?: NodeJS.Platform;
  /** Starts a program without a shell. */
  readonly start?: (command: string, args: readonly string[]) => Promise<void>;
}

/**
 * Opens https and loopback http URLs in the system's browser. The URL comes from the metadata of a foreign
 * server, so it is parsed, has a web scheme, and is one argument of a program that is started without a
 * shell: it cannot become a command.
 */
export function createBrowserOpener({
  platform = process.platform,
  start = startDetached,
}: BrowserOpenerOptions = {}): (url: URL) => Promise<void> {
  return async (url) => {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new TypeError(`A login page must be on the web: ${url.protocol}`);
    }
    const [command, ...args] = commands[platform] ?? commands.linux;
    await start(command, [...args, url.href]);
  };
}

const commands: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> & {
  readonly linux: readonly [string, ...string[]];
} = {
  darwin: ['open'],
  linux: ['xdg-open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

function startDetached(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true, shell: false });
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
