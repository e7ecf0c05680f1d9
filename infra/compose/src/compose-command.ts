import type { RunCommand } from '@mcp-obo/images';

/** A compose that is installed: how it is called, and its version. */
export interface ComposeCommand {
  readonly command: string;
  readonly prefix: readonly string[];
  readonly version: string;
}

const candidates = [
  { command: 'docker', prefix: ['compose'] },
  { command: 'docker-compose', prefix: [] },
] as const;

/** The plugin of docker where it is installed, else `docker-compose`. */
export async function findCompose(run: RunCommand): Promise<ComposeCommand | undefined> {
  for (const { command, prefix } of candidates) {
    const { code, stdout } = await run(command, [...prefix, 'version', '--short']);
    if (code === 0) return { command, prefix, version: stdout.trim().replace(/^v/, '') };
  }
  return undefined;
}
