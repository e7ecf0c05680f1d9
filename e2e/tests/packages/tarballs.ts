import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A package as it would be published. */
export interface PackedPackage {
  readonly name: string;
  /** Folder of its sources. */
  readonly folder: string;
  readonly tarball: string;
  /** What can be imported: `@mcp-obo/mcp`, `@mcp-obo/mcp/fastify`, … */
  readonly entries: readonly string[];
  /** Optional peers, in the version that the workspace is tested with. */
  readonly peers: Readonly<Record<string, string>>;
  /** What it brings itself. */
  readonly dependencies: readonly string[];
}

/**
 * Every package of `packages/`, packed. Tarballs of this test run (`artifacts/packed`) are used when they are
 * newer than their sources; otherwise all packages are built and packed into `folder`.
 */
export async function packPackages(folder: string): Promise<readonly PackedPackage[]> {
  const folders = globSync('packages/*/package.json', { cwd: root }).map((file) => join(root, dirname(file)));
  const packed = join(root, 'artifacts', 'packed');
  if (folders.every((source) => isFresh(source, tarballOf(packed, source))))
    return folders.map((source) => describePackage(source, tarballOf(packed, source)));

  mkdirSync(folder, { recursive: true });
  // A build adds files and takes none away; what is packed must be what the sources give now.
  for (const source of folders) rmSync(join(source, 'dist'), { recursive: true, force: true });
  await run('turbo', ['run', 'build', '--filter=./packages/*', '--concurrency=2'], { cwd: root });
  for (const source of folders)
    await run('pnpm', ['--dir', source, 'pack', '--out', tarballOf(folder, source)], { cwd: root });
  return folders.map((source) => describePackage(source, tarballOf(folder, source)));
}

/** Names that an entry exports in the workspace, sorted. */
export async function sourceExports(folder: string, entry: string): Promise<readonly string[]> {
  const { name, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file: string = exports[`.${entry.slice(name.length)}`];
  return Object.keys(await import(pathToFileURL(join(folder, file)).href)).sort();
}

function tarballOf(folder: string, source: string): string {
  return join(folder, `${basename(source)}.tgz`);
}

function isFresh(source: string, tarball: string): boolean {
  if (!existsSync(tarball)) return false;
  const packedAt = statSync(tarball).mtimeMs;
  return globSync(['src/**/*.ts', 'package.json', 'README.md', 'tsconfig*.json'], { cwd: source }).every(
    (file) => statSync(join(source, file)).mtimeMs < packedAt,
  );
}

function describePackage(folder: string, tarball: string): PackedPackage {
  const {
    name,
    exports,
    dependencies = {},
    peerDependencies = {},
  } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return {
    name,
    folder,
    tarball,
    dependencies: Object.keys(dependencies),
    entries: Object.keys(exports).map((path) => `${name}${path.slice(1)}`),
    peers: Object.fromEntries(
      Object.keys(peerDependencies).map((peer) => [peer, installedVersion(folder, peer)]),
    ),
  };
}

/** Version of a dependency of a workspace folder. */
export function installedVersion(folder: string, name: string): string {
  return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
}
