import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCacheDir } from './cache-folder.ts';
import { type RunCommand, runCommand } from './command.ts';
import { installPackages } from './debian-packages.ts';
import { createDocker, type Docker, recipeLabel } from './docker.ts';
import { withMachineLock } from './machine-lock.ts';
import { inOrder, type Recipe, recipeHash, recipesFolder } from './recipe.ts';
import { recipes as allRecipes } from './recipes.ts';

/** Where an image came from. */
export type Origin = 'kept' | 'pulled' | 'built';

export interface ImageOutcome {
  readonly image: string;
  readonly origin: Origin;
  readonly milliseconds: number;
}

export interface EnsureOptions {
  /** Names from the table; what they start from comes by itself. */
  readonly images: readonly string[];
  /** Allows to install a Debian package that a recipe needs, as root. */
  readonly mayInstall: boolean;
  readonly say: (line: string) => void;
  /** Told every line the tools write. */
  readonly onLine?: (line: string) => void;
  /** Told each image as it becomes ready. */
  readonly onImage?: (outcome: ImageOutcome) => void;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
  readonly run?: RunCommand;
  readonly recipes?: readonly Recipe[];
  /** File by which several runs on a machine make images one after another; in the cache folder unless told. */
  readonly lockFile?: string;
}

/** How long a registry may take to answer with the image. */
const pullWithin = 600_000;

/**
 * Makes sure that the engine has these images. One that was built here from the same recipe is kept, and so is
 * one that somebody pulled; else a registry is asked, and where none is reached, it is built. What another run
 * is making is waited for. Rejects with one sentence that names the image.
 */
export async function ensureImages(options: EnsureOptions): Promise<readonly ImageOutcome[]> {
  const { images, recipes = allRecipes, run = runCommand, now = Date.now, onImage, signal, say } = options;
  const lockFile = options.lockFile ?? join(defaultCacheDir(), 'images.lock');
  let saidSo = false;
  const onWait = () => {
    if (!saidSo) say('Another run on this machine is making images; waiting for it …');
    saidSo = true;
  };
  const docker = createDocker(run);
  const outcomes: ImageOutcome[] = [];
  let registryReached = true;
  const make = async (recipe: Recipe): Promise<Origin> => {
    if (registryReached) {
      registryReached = await docker.pull(recipe.image, AbortSignal.timeout(pullWithin));
      if (registryReached) return 'pulled';
    }
    await buildFrom(recipe, { ...options, recipes, run, docker });
    return 'built';
  };
  for (const recipe of inOrder(images, recipes)) {
    signal?.throwIfAborted();
    const start = now();
    const there = () => kept(docker, recipe, recipes);
    const keptOrMade = async () => (await there()) ?? (await make(recipe));
    const origin =
      (await there()) ??
      (await withMachineLock(lockFile, keptOrMade, { onWait, ...(signal !== undefined && { signal }) }));
    const outcome = { image: recipe.image, origin, milliseconds: now() - start };
    outcomes.push(outcome);
    onImage?.(outcome);
  }
  return outcomes;
}

/** A pulled image has no recipe; only what was made from an older one is made again. */
async function kept(docker: Docker, recipe: Recipe, recipes: readonly Recipe[]): Promise<'kept' | undefined> {
  const image = await docker.image(recipe.image);
  if (image === undefined) return undefined;
  return image.recipe === undefined || image.recipe === recipeHash(recipe, recipes) ? 'kept' : undefined;
}

async function buildFrom(
  recipe: Recipe,
  {
    recipes = allRecipes,
    run = runCommand,
    docker,
    mayInstall,
    say,
    onLine = () => {},
  }: EnsureOptions & { docker: Docker },
): Promise<void> {
  for (const [tool, name] of Object.entries(recipe.tools ?? {}))
    await ensureTool(recipe, tool, name, { run, mayInstall, say });
  const context = await mkdtemp(join(tmpdir(), 'mcp-obo-image-'));
  try {
    await recipe.prepare?.({ folder: context, run, onLine }).catch((cause: Error) => {
      throw new Error(`${recipe.image} could not be built: ${cause.message}`, { cause });
    });
    await cp(join(recipesFolder, recipe.folder), context, { recursive: true });
    await docker.build({
      tag: recipe.image,
      context,
      labels: { [recipeLabel]: recipeHash(recipe, recipes) },
      onLine,
    });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function ensureTool(
  { image }: Recipe,
  tool: string,
  name: string,
  { run, mayInstall, say }: Required<Pick<EnsureOptions, 'run' | 'mayInstall' | 'say'>>,
): Promise<void> {
  if ((await run(tool, ['--version'])).code !== 127) return;
  if (!mayInstall)
    throw new Error(
      `${image} is built with ${tool}, which is missing: install it with "apt-get install ${name}".`,
    );
  say(
    `${image} is built with ${tool}, which is missing: installing the Debian package ${name} with apt-get.`,
  );
  await installPackages(run, [name]);
}
