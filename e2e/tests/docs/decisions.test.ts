import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDocument, root } from './markdown.ts';

const names = readdirSync(join(root, 'docs/decisions')).sort();

describe('docs/decisions', () => {
  it('is numbered without gaps', () => {
    const numbers = names.map((name) => Number(/^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1]));
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  });

  it.each(names)('%s says context, decision and consequence, within half a page', (name) => {
    const text = readDocument(`docs/decisions/${name}`);
    expect(text).toMatch(new RegExp(`^# ${name.slice(0, 4)} \\S`));
    for (const part of ['Context', 'Decision', 'Consequence']) expect(text).toContain(`**${part}.** `);
    expect(text.split('\n').length).toBeLessThan(30);
  });
});
