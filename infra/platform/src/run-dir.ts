import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

/** A private folder of one run: only this user can read it, and it goes away with the run. */
export interface RunDir {
  readonly path: string;
  /** Writes a text; gives its path. */
  readonly text: (name: string, content: string) => string;
  /** Writes a value as YAML; gives its path. */
  readonly yaml: (name: string, value: unknown) => string;
  readonly remove: () => void;
}

/** Makes the folder (0700). Files in it are 0600. Throws a sentence where there is no place for it. */
export function createRunDir(parent: string = tmpdir()): RunDir {
  const path = orSay(`No folder can be made in ${parent}; set TMPDIR to a folder that can be written`, () =>
    mkdtempSync(join(parent, 'mcp-obo-')),
  );
  const text = (name: string, content: string) => {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  return {
    path,
    text,
    yaml: (name, value) => text(name, stringify(value)),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Makes the folder that logs are kept in, where it is not there. Throws a sentence when it cannot be made. */
export function makeLogDir(path: string): string {
  orSay(`The folder ${path} for logs cannot be made`, () =>
    mkdirSync(path, { recursive: true, mode: 0o700 }),
  );
  return path;
}

function orSay<T>(sentence: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new Error(`${sentence} (${(cause as NodeJS.ErrnoException).code}).`, { cause });
  }
}
