import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { codesIn, readDocument, root, rowsOf } from './markdown.ts';

const { catalog } = parse(readDocument('pnpm-workspace.yaml')) as {
  readonly catalog: Readonly<Record<string, string>>;
};
const rows = rowsOf(readDocument('docs/dependencies.md'));

describe('docs/dependencies.md', () => {
  it('has a line with the version for every package of the catalog, and no other', () => {
    const lines = rows.map(([name = '', version = '']) => [codesIn(name)[0], version]);
    expect(Object.fromEntries(lines)).toEqual(catalog);
    expect(lines).toHaveLength(Object.keys(catalog).length);
  });

  it('says when it was released, what for, why this one and what it replaces', () => {
    const incomplete = rows.filter(
      (cells) => cells.length !== 7 || cells.includes('') || !/^\d{4}-\d\d-\d\d$/.test(cells[2] ?? ''),
    );
    expect(incomplete).toEqual([]);
  });

  it('is about all there is: no package takes a version from elsewhere', () => {
    const elsewhere = globSync('{package.json,{apps,packages,infra}/*/package.json,e2e/package.json}', {
      cwd: root,
    }).flatMap((file) => {
      const manifest = JSON.parse(readFileSync(`${root}/${file}`, 'utf8')) as Record<string, unknown>;
      return dependenciesOf(manifest)
        .filter(([, version]) => version !== 'catalog:' && !version.startsWith('workspace:'))
        .map(([name, version]) => `${file}: ${name} ${version}`);
    });
    expect(elsewhere).toEqual([]);
  });
});

function dependenciesOf(manifest: Readonly<Record<string, unknown>>): readonly [string, string][] {
  const { dependencies, devDependencies, optionalDependencies } = manifest as Record<
    string,
    Record<string, string>
  >;
  return [dependencies, devDependencies, optionalDependencies].flatMap((group) =>
    Object.entries(group ?? {}),
  );
}
