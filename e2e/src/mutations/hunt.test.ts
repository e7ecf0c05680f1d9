import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type HuntResult, hunt } from './hunt.ts';
import { type Mutant, MutantError } from './mutant.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'hunted-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const source = 'export const allowed = (role: string) => role === "admin";\n';
const test = `import { expect, it } from 'vitest';
import { allowed } from './allowed.ts';
it('lets the admin in [sc:roles]', () => expect(allowed('admin')).toBe(true));
it('lets nobody else in [sc:roles]', () => expect(allowed('guest')).toBe(false));
it('is a function', () => expect(allowed('x')).toBe(false));
it('fails with and without mutants [sc:tiers]', () => expect(1).toBe(2));
it('looks at nothing [sc:base]', () => expect(1).toBe(1));
`;
write('.gitignore', 'node_modules\n.results/\n');
write('packages/gate/package.json', '{ "name": "gate", "type": "module" }');
write('packages/gate/src/allowed.ts', source);
write('packages/gate/src/allowed.test.ts', test);
symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'));
mkdirSync(join(root, 'packages/gate/node_modules'));
symlinkSync(join(project, 'e2e/node_modules/vitest'), join(root, 'packages/gate/node_modules/vitest'));
spawnSync('git', ['init', '--quiet'], { cwd: root });

const mutant: Mutant = {
  name: 'everybody',
  breaks: ['sc:roles'],
  file: 'packages/gate/src/allowed.ts',
  find: 'role === "admin"',
  replace: 'role !== ""',
};
const hunted = async (...mutants: readonly Mutant[]): Promise<readonly HuntResult[]> =>
  hunt({
    root,
    mutants,
    jobs: 2,
    timeoutMs: 30_000,
    now: () => performance.now(),
    onResult: () => undefined,
    signal: new AbortController().signal,
  });

describe('a hunt for mutants', { timeout: 120_000 }, () => {
  it('tells which test that claims the requirement noticed', async () => {
    const [result] = await hunted(mutant);
    expect(result).toMatchObject({ verdict: 'killed', by: 'lets nobody else in [sc:roles]' });
  });

  it('finds out whether the tests that claim a requirement prove anything', async () => {
    const [result] = await hunted({ ...mutant, breaks: ['sc:base'] });
    expect(result).toMatchObject({ verdict: 'survived', ran: 1 });
  });

  it.each([
    ['only tests that fail anyway', { breaks: ['sc:tiers'] }, 'sc:tiers: 1 fail without the mutant'],
    ['no test', { breaks: ['sc:degrade'] }, 'sc:degrade: no test there claims it'],
    ['a source that does not load', { replace: ')(' }, 'only 0 of 2 tests ran.'],
  ] as const)('decides nothing by %s', async (_, change, why) => {
    const [result] = await hunted({ ...mutant, ...change });
    expect(result).toMatchObject({ verdict: 'undecided', why: expect.stringContaining(why) });
  });

  it('refuses a mutant whose source has moved before any test runs', async () => {
    await expect(hunted({ ...mutant, find: 'role === "root"' })).rejects.toThrow(MutantError);
    await expect(hunted({ ...mutant, find: 'role' })).rejects.toThrow('stands 2 times');
    await expect(hunted({ ...mutant, replace: mutant.find })).rejects.toThrow('changes nothing');
  });

  it('never touches the project itself, and leaves no copy', async () => {
    await hunted(mutant, { ...mutant, name: 'nobody', replace: 'role === ""' });
    expect(readFileSync(join(root, mutant.file), 'utf8')).toBe(source);
    expect(existsSync(join(root, 'packages/gate/.results'))).toBe(false);
  });
});

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
