import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what takes long to make is kept between runs: `$XDG_CACHE_HOME/mcp-obo`, else `~/.cache/mcp-obo`. */
export function defaultCacheDir(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mcp-obo');
}
