import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const folder = new URL('..', import.meta.url);

describe('the README', () => {
  it('shows code that runs', async () => {
    const readme = await readFile(new URL('README.md', folder), 'utf8');
    const [sample = ''] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
    expect(sample).toContain("from '@mcp-obo/revocation'");
    await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', sample], {
      cwd: folder,
      timeout: 20_000,
    });
  });
});
