import { stripVTControlCharacters } from 'node:util';
import { type Ended, lastLine, type RunCommand } from './command.ts';

/** The label that says what a local image was made from. */
export const recipeLabel = 'dev.mcp-obo.recipe';

/** What is known of an image that the engine has. */
export interface LocalImage {
  readonly id: string;
  /** Hash of the recipe; absent when it was pulled, or built by somebody else. */
  readonly recipe?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly bytes: number;
}

export interface BuildOptions {
  readonly tag: string;
  /** Folder with everything the Dockerfile copies. */
  readonly context: string;
  /** Dockerfile elsewhere than in the context. */
  readonly dockerfile?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/** The few things that are asked of a container engine, through its own command line. */
export interface Docker {
  /** The image, or nothing when the engine does not have it. */
  readonly image: (name: string) => Promise<LocalImage | undefined>;
  /** True when a registry gave it. Waits no longer than the signal allows. */
  readonly pull: (name: string, signal: AbortSignal) => Promise<boolean>;
  /** Rejects with the last line the engine wrote. */
  readonly build: (options: BuildOptions) => Promise<void>;
}

/** Drives the `docker` on the PATH. */
export function createDocker(run: RunCommand): Docker {
  return {
    image: async (name) => {
      const { code, stdout } = await run('docker', ['image', 'inspect', '--format', '{{json .}}', name]);
      return code === 0 ? parseImage(stdout) : undefined;
    },
    pull: async (name, signal) => (await run('docker', ['pull', '--quiet', name], { signal })).code === 0,
    build: async (options) => {
      const ended = await run('docker', buildArguments(options), {
        ...(options.onLine !== undefined && { onLine: options.onLine }),
      });
      if (ended.code !== 0) throw new Error(`${options.tag} could not be built: ${complaint(ended)}`);
    },
  };
}

/** The network of the host: inside, a package registry is reached as outside. */
function buildArguments({ tag, context, dockerfile, labels = {}, buildArgs = {} }: BuildOptions): string[] {
  return [
    'build',
    '--network=host',
    '--force-rm',
    `--tag=${tag}`,
    ...Object.entries(labels).map(([name, value]) => `--label=${name}=${value}`),
    ...Object.entries(buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
    ...(dockerfile === undefined ? [] : [`--file=${dockerfile}`]),
    context,
  ];
}

function parseImage(json: string): LocalImage {
  const { Id, Size, Config } = JSON.parse(json) as {
    Id: string;
    Size: number;
    Config?: { Labels?: Record<string, string> | null } | null;
  };
  const labels = Config?.Labels ?? {};
  const recipe = labels[recipeLabel];
  return { id: Id, bytes: Size, labels, ...(recipe !== undefined && { recipe }) };
}

/** What failed stands among what the step wrote; the engine's own last line repeats the whole step. */
function complaint(ended: Ended): string {
  const lines = stripVTControlCharacters(ended.stdout).trim().split('\n');
  const fault = lines.findLast((line) => /^(E:|npm error|ERR|error)/i.test(line)) ?? lines.at(-2);
  return `${fault ?? lastLine(ended)}; --verbose shows all of it.`;
}
