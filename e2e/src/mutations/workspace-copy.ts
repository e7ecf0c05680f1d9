import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Mutant, mutate } from './mutant.ts';

/** A throw-away copy of the project, with the packages it depends on linked. */
export interface WorkspaceCopy {
  readonly root: string;
  /** Breaks the rule in the copy; the answer mends it. */
  readonly apply: (mutant: Mutant) => () => void;
  /** Removes it. */
  readonly remove: () => void;
}

/**
 * Copies the sources as they stand, committed or not, without what git ignores. Workspaces of the copy find
 * each other in the copy; packages of others are found where they are installed.
 */
export function copyWorkspace(root: string): WorkspaceCopy {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'mutants-')));
  const remove = () => rmSync(copy, { recursive: true, force: true });
  try {
    fill(copy, root);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    root: copy,
    apply(mutant) {
      const file = join(copy, mutant.file);
      const source = readFileSync(file, 'utf8');
      writeFileSync(file, mutate(source, mutant));
      return () => writeFileSync(file, source);
    },
    remove,
  };
}

function fill(copy: string, root: string): void {
  for (const file of sourceFiles(root)) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    copyFileSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const workspace of workspaces(root)) linkModules(join(root, workspace), join(copy, workspace));
}

function sourceFiles(root: string): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git cannot list the sources of ${root}: ${stderr.trim()}`);
  return stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

function workspaces(root: string): readonly string[] {
  return sourceFiles(root)
    .filter((file) => file.endsWith('/package.json'))
    .map(dirname)
    .filter((folder) => existsSync(join(root, folder, 'node_modules')));
}

/** The links of one workspace, as they are: relative, so that they lead to the copy's own neighbours. */
function linkModules(from: string, to: string, folder = 'node_modules'): void {
  mkdirSync(join(to, folder), { recursive: true });
  for (const entry of readdirSync(join(from, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(join(from, path)), join(to, path));
    else if (entry.name === '.bin') symlinkSync(join(from, path), join(to, path));
    else if (entry.isDirectory() && entry.name.startsWith('@')) linkModules(from, to, path);
  }
}
