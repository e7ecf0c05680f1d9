import { readFileSync } from 'node:fs';
import type { ConfigSource } from './load-config.ts';

export interface FollowConfigOptions<C> {
  readonly source: ConfigSource;
  /** Reads the configuration, and every file that it names, through the `readText` of its source. */
  readonly load: (source: ConfigSource) => C;
  /** Takes a changed configuration over; what it throws is a fault too. */
  readonly onChange: (config: C) => void;
  /** Told once of files that cannot be used; what is in use stays. */
  readonly onFault: (error: unknown) => void;
  /** Milliseconds between two looks. Default 5,000. */
  readonly everyMs?: number;
}

/**
 * Looks again and again at the configuration file and at every file that it names, and tells of a change. It
 * compares what they hold, so that the links of a mounted secret may move as they like.
 *
 * @returns what ends it
 */
export function followConfig<C>(options: FollowConfigOptions<C>): () => void {
  const { source, load, onChange, onFault, everyMs = 5000 } = options;
  const readText = source.readText ?? ((path: string) => readFileSync(path, 'utf8'));
  let files = read().files;

  /** The configuration, or why there is none, with the text of each file that was read for it. */
  function read() {
    const found = new Map<string, string>();
    const recording = (path: string) => {
      found.set(path, textOf(path));
      return readText(path);
    };
    try {
      return { config: load({ ...source, readText: recording }), files: found };
    } catch (error) {
      return { error, files: found };
    }
  }

  function textOf(path: string): string {
    try {
      return `=${readText(path)}`;
    } catch (error) {
      return `!${String(error)}`;
    }
  }

  function look(): void {
    if ([...files].every(([path, text]) => textOf(path) === text)) return;
    const now = read();
    // A file that was not reached this time, because one before it is at fault, is still looked at.
    files = new Map([...files, ...now.files]);
    try {
      if ('error' in now) throw now.error;
      onChange(now.config);
    } catch (error) {
      onFault(error);
    }
  }

  const timer = setInterval(look, everyMs).unref();
  return () => clearInterval(timer);
}
