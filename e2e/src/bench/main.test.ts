import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Report } from './report.ts';
import type { Summary } from './summary.ts';

const script = fileURLToPath(new URL('./main.ts', import.meta.url));
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mcp-obo-bench-test-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function start(...args: string[]) {
  const { PATH = '', HOME = '' } = process.env;
  // Temporary files of the command go where it can be seen whether any are left.
  const env = { PATH, HOME, TMPDIR: dir };
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  return { child, ended: ending(child) };
}

async function ending(child: ChildProcess) {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...output };
}

describe('the bench command', () => {
  it('prints the short result as the last line and keeps the raw data', async () => {
    const out = join(dir, 'raw', 'bench.json');
    const { ended } = start('--quick', '--only', 'validate-warm', '--json', '--out', out);
    const { code, stdout, stderr } = await ended;
    expect(stderr).toBe(
      'Getting ready\nValidate an access token that was seen before (500 tokens in turn)\n',
    );
    expect(code).toBe(0);
    const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Summary;
    expect(summary.ratios).toMatchObject({ memoryHitVsFastify: null });
    const report = JSON.parse(readFileSync(out, 'utf8')) as Report;
    expect(report).toMatchObject({ ok: true, summary, results: [{ id: 'validate-warm' }] });
    for (const contender of report.results[0]?.contenders ?? []) {
      expect(contender).toMatchObject({
        cpuMicros: { median: expect.any(Number) },
        rounds: expect.any(Array),
      });
    }
  });

  it('ends with 2 and its help when it does not know an argument', async () => {
    const { code, stderr } = await start('--fast').ended;
    expect(code).toBe(2);
    expect(stderr).toContain("Unknown option '--fast'");
    expect(stderr).toContain('--quick');
  });

  it('leaves no process and no file when it is interrupted', async () => {
    const { child, ended } = start('--only', 'validate-warm', '--json', '--out', join(dir, 'never.json'));
    await vi.waitFor(() => expect(contenders()).toHaveLength(2), 30_000);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(contenders()).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('ends its contenders even when it is killed', async () => {
    const { child, ended } = start('--only', 'validate-warm', '--json', '--out', join(dir, 'never.json'));
    await vi.waitFor(() => expect(contenders()).toHaveLength(2), 30_000);
    child.kill('SIGKILL');
    await ended;
    await vi.waitFor(() => expect(contenders()).toEqual([]), 10_000);
  });
});

/** Living processes that were started with data in the folder of this test. */
function contenders(): readonly string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(`${dir}/mcp-obo-bench-`) && !line.startsWith('Z'));
}
