import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunCommand } from './command.ts';

/** What is at hand when the context of an image is made. */
export interface PrepareContext {
  /** Empty folder; what lies in it, the Dockerfile can copy. */
  readonly folder: string;
  readonly run: RunCommand;
  readonly onLine: (line: string) => void;
}

/** How to make an image from Debian's packages and other package registries. */
export interface Recipe {
  /** Name of the official image; the local one has the same. */
  readonly image: string;
  /** What is in it, one line. */
  readonly content: string;
  /** Folder in `recipes/` with the Dockerfile. */
  readonly folder: string;
  /** Another image of the table that it starts from. */
  readonly from?: string;
  /** Versions and the like that decide the content and are not in the folder. */
  readonly inputs?: readonly string[];
  /** Commands it needs, and the Debian package of each. */
  readonly tools?: Readonly<Record<string, string>>;
  /** Puts what the Dockerfile copies into the context. Rejects with one sentence. */
  readonly prepare?: (context: PrepareContext) => Promise<void>;
}

/** Where the Dockerfiles are. */
export const recipesFolder = fileURLToPath(new URL('../recipes/', import.meta.url));

/** Changes when anything does that the image is made from, its base image included. */
export function recipeHash(recipe: Recipe, recipes: readonly Recipe[]): string {
  const hash = createHash('sha256').update(`${recipe.image}\n${(recipe.inputs ?? []).join('\n')}\n`);
  const folder = `${recipesFolder}${recipe.folder}/`;
  for (const name of readdirSync(folder).sort()) hash.update(`${name}\n`).update(readFileSync(folder + name));
  const base = recipes.find(({ image }) => image === recipe.from);
  if (base !== undefined) hash.update(recipeHash(base, recipes));
  return hash.digest('hex').slice(0, 16);
}

/** The recipes wanted and those they start from, bases first. */
export function inOrder(wanted: readonly string[], recipes: readonly Recipe[]): readonly Recipe[] {
  const ordered = new Set<Recipe>();
  const add = (image: string) => {
    const recipe = recipes.find((candidate) => candidate.image === image);
    if (recipe === undefined)
      throw new Error(
        `There is no recipe for ${image}; there are ${recipes.map((known) => known.image).join(', ')}.`,
      );
    if (recipe.from !== undefined) add(recipe.from);
    ordered.add(recipe);
  };
  wanted.forEach(add);
  return [...ordered];
}
