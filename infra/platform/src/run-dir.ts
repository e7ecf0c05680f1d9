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

/** Makes the folder (0700). Files in it are 0600. */
export function createRunDir(parent: string = tmpdir()): RunDir {
  const path = mkdtempSync(join(parent, 'mcp-obo-'));
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
