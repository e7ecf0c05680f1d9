import { parseArgs } from 'node:util';
import { ensureImages } from './build.ts';
import { runCommand } from './command.ts';
import { createDocker } from './docker.ts';
import { openEngine } from './engine.ts';
import { recipeHash } from './recipe.ts';
import { recipes } from './recipes.ts';

const help = `images: a container engine and the base images, also where no container registry is reached

Usage: node infra/images/src/main.ts COMMAND [options]

  build [IMAGE …]  makes the images (all of them unless named): kept, pulled, or built from package registries
  list             the images, what is in them and which the engine has

Options:
  --no-install     installs no Debian package; says what is missing instead
  --verbose        writes what the tools say
  --help           this text

Needs a container engine; as root on Debian one is installed and started, and ends with this command.
Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 ended by Ctrl-C.`;

const say = (line: string) => void process.stderr.write(`${line}\n`);
const commands = { build, list } as const;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<void> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return leave(2, `${(error as Error).message}\n\n${help}`);
  }
  const [name = '', ...images] = parsed.positionals;
  if (parsed.values.help) return void process.stdout.write(`${help}\n`);
  if (name !== 'build' && name !== 'list')
    return leave(2, `${name === '' ? 'Say what to do.' : `There is no command "${name}".`}\n\n${help}`);
  const unknown = images.filter((image) => !recipes.some((recipe) => recipe.image === image));
  if (unknown.length > 0)
    return leave(2, `There is no recipe for ${unknown.join(', ')}; "list" shows those there are.`);
  try {
    await commands[name]({ images, ...parsed.values });
  } catch (error) {
    leave(interrupted.signal.aborted ? 130 : 1, (error as Error).message);
  }
}

interface Wanted {
  readonly images: readonly string[];
  readonly 'no-install': boolean;
  readonly verbose: boolean;
}

async function build({ images, 'no-install': noInstall, verbose }: Wanted): Promise<void> {
  const engine = await openEngine({ mayInstall: !noInstall, say });
  try {
    say(`${engine.version}, ${engine.origin === 'found' ? 'found running' : 'started'}`);
    await ensureImages({
      images: images.length > 0 ? images : recipes.map(({ image }) => image),
      mayInstall: !noInstall,
      say,
      signal: interrupted.signal,
      ...(verbose && { onLine: say }),
      onImage: ({ image, origin, milliseconds }) =>
        process.stdout.write(
          `${image.padEnd(36)} ${origin.padEnd(7)} ${(milliseconds / 1000).toFixed(1)} s\n`,
        ),
    });
  } finally {
    await engine.stop();
  }
}

async function list(): Promise<void> {
  const docker = createDocker(runCommand);
  for (const recipe of recipes) {
    const image = await docker.image(recipe.image);
    const state =
      image === undefined
        ? 'not there'
        : image.recipe === undefined
          ? 'pulled'
          : image.recipe === recipeHash(recipe, recipes)
            ? 'built here'
            : 'built here from an older recipe';
    const size = image === undefined ? '' : `, ${Math.round(image.bytes / 1e6)} MB`;
    process.stdout.write(`${recipe.image.padEnd(36)} ${recipe.content.padEnd(46)} ${state}${size}\n`);
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      'no-install': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function leave(code: number, message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}
