import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codesIn, fencesOf, readDocument, root, withoutFences } from './markdown.ts';

const documents = globSync('{*.md,docs/**/*.md,{apps,packages,infra}/*/*.md,e2e/*.md}', { cwd: root }).sort();
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

describe.each(documents)('%s', (path) => {
  const text = readDocument(path);

  it('links to files and headings that exist', () => {
    expect(linksOf(text).filter((link) => !leadsSomewhere(path, link))).toEqual([]);
  });

  it('names files and folders that exist', () => {
    const named = codesIn(withoutFences(text)).filter((code) =>
      /^(apps|packages|infra|e2e|docs)\/[\w./-]+$/.test(code),
    );
    expect(named.filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  it('shows commands that exist', () => {
    const lines = fencesOf(text, 'sh').flatMap((fence) => fence.split('\n'));
    const words = [...lines, ...codesIn(withoutFences(text))];
    expect(words.filter((line) => !canBeRun(line.trim()))).toEqual([]);
  });
});

/** Targets of links that lead into this workspace. */
function linksOf(text: string): readonly string[] {
  return [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

function leadsSomewhere(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : join(dirname(from), file);
  if (relative('.', target).startsWith('..') || !existsSync(join(root, target))) return false;
  return anchor === undefined || anchorsOf(readDocument(target)).includes(anchor);
}

/** Anchors as GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  return withoutFences(text)
    .split('\n')
    .filter((line) => /^#+ /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- ]/gu, '')
        .replaceAll(' ', '-'),
    );
}

/** True for commands of others, and for ours when the script or the file is there. */
function canBeRun(line: string): boolean {
  const [command, ...words] = line.split(/\s+/);
  if (command === 'npm') {
    const script = words[0] === 'run' ? words[1] : words[0];
    return script === 'install' || script === 'ci' || Object.hasOwn(scripts, script ?? '');
  }
  if (command === 'node' && words[0]?.startsWith('-') === false && words[0].includes('/'))
    return words[0].startsWith('src/') || existsSync(join(root, words[0]));
  return true;
}
