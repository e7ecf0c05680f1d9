import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an installed package holds, by its files and not by its promises. */
export interface Contents {
  /** Paths below its folder, sorted. */
  readonly files: readonly string[];
  /** Packages that its code or its declarations import, sorted. */
  readonly imported: readonly string[];
  /** Packages that its manifest names as dependencies or peers, sorted. */
  readonly declared: readonly string[];
}

const specifier = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g;

/** Reads a package under `node_modules`. */
export function readContents(folder: string): Contents {
  const files = globSync('**/*.*', { cwd: folder }).sort();
  const code = files.filter((file) => /\.(js|d\.ts)$/.test(file));
  const imported = code.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(specifier)].flatMap(([, name = '']) =>
      packageOf(name),
    ),
  );
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  return {
    files,
    imported: [...new Set(imported)].sort(),
    declared: Object.keys({ ...dependencies, ...peerDependencies }).sort(),
  };
}

/** The JavaScript and declarations that the sources of a package give, and what else a package has. Sorted. */
export function expectedFiles(source: string): readonly string[] {
  const modules = globSync('**/*.ts', { cwd: join(source, 'src') }).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  const built = modules.flatMap((file) => ['.d.ts', '.js'].map((end) => `dist/${file.slice(0, -3)}${end}`));
  return ['README.md', 'package.json', ...built].sort();
}

function packageOf(name: string): readonly string[] {
  if (name.startsWith('.') || name.startsWith('node:')) return [];
  return [name.split('/', name.startsWith('@') ? 2 : 1).join('/')];
}
