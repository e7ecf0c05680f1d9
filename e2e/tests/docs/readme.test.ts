import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { story } from '../../src/demo/story.ts';
import { codesIn, fencesOf, readDocument, root, rowsOf, sectionOf } from './markdown.ts';

const readme = readDocument('README.md');

describe('README.md', () => {
  it('has every package, app and part in its map, and none that is gone', () => {
    const there = ['apps', 'packages', 'infra'].flatMap((folder) =>
      readdirSync(join(root, folder), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${folder}/${name}`),
    );
    const map = rowsOf(sectionOf(readme, 'What is where')).flatMap(([folder = '']) => codesIn(folder));
    expect(map.sort()).toEqual([...there, 'e2e', 'docs'].sort());
  });

  it('shows steps of the demo as the demo plays them', () => {
    const [output = ''] = fencesOf(readme, 'text');
    const steps = output.split('\n\n').filter((part) => part.includes('✓'));
    const shown = steps.map((part) => ({
      title: part.split('\n')[0],
      name: /✓ (\S+)/.exec(part)?.[1],
    }));
    const played = story.map(({ title, name }) => ({ title, name }));
    expect(shown.length).toBeGreaterThan(3);
    expect(played).toEqual(expect.arrayContaining(shown));
    expect(output).toContain(`All ${story.length} steps went well.`);
  });
});
