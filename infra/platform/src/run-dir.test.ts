import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freeBase } from '../test/free-base.ts';
import { startPlatform } from './platform.ts';
import { createRunDir, makeLogDir } from './run-dir.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-dir-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the folder of a run', () => {
  it('is for this user alone, with all that is in it, and goes away', () => {
    const runDir = createRunDir(folder);
    const file = runDir.yaml('secrets/x.yaml', { a: 1 });
    expect([modeOf(runDir.path), modeOf(join(runDir.path, 'secrets')), modeOf(file)]).toEqual([
      0o700, 0o700, 0o600,
    ]);
    runDir.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says where it cannot be', () => {
    const nowhere = join(folder, 'nowhere');
    expect(() => createRunDir(nowhere)).toThrow(
      `No folder can be made in ${nowhere}; set TMPDIR to a folder that can be written (ENOENT).`,
    );
  });
});

describe('the folder for logs', () => {
  it('is made where it is not there, for this user alone', () => {
    expect(modeOf(makeLogDir(join(folder, 'a/b')))).toBe(0o700);
  });

  it('stops the platform before anything is made, when there is a file', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    vi.stubEnv('TMPDIR', folder);
    await expect(startPlatform({ basePort: await freeBase(), logDir: file })).rejects.toThrow(
      `The folder ${file} for logs cannot be made (EEXIST).`,
    );
    expect(readdirSync(folder)).toEqual(['file']);
  });
});
