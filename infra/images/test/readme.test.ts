import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
const [, sample = ''] = /```ts\n(.*?)```/s.exec(readFileSync(`${folder}README.md`, 'utf8')) ?? [];
const imageThere = spawnSync('docker', ['image', 'inspect', 'redis:7-bookworm']).status === 0;

describe('README.md', () => {
  it.skipIf(!imageThere && process.env.CI !== 'true')('has an example that runs', () => {
    expect(sample).toContain('openEngine');
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module-typescript', '--eval', sample],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  });
});
