import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '@mcp-obo/testbed/ports';
import { describe, expect, it } from 'vitest';
import { without } from './available.ts';

const folder = new URL('..', import.meta.url);

describe.skipIf(without('native'))('the README', () => {
  it('shows code that runs', { timeout: 300_000 }, async () => {
    const readme = await readFile(new URL('README.md', folder), 'utf8');
    const [sample = ''] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
    expect(sample).toContain("from '@mcp-obo/keycloak'");
    const [port, managementPort] = await freePorts(2);
    const code = sample.replace('8180', String(port)).replace('8181', String(managementPort));
    const dir = mkdtempSync(join(tmpdir(), 'readme-'));
    try {
      await promisify(execFile)(
        process.execPath,
        [
          '--input-type=module-typescript',
          '-e',
          `${code}\nif (version !== '26.7.3') throw new Error(version);`,
        ],
        { cwd: folder, timeout: 280_000, env: { ...process.env, TMPDIR: dir } },
      );
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
