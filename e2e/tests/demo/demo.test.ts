import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BreakName, breaks, partNames } from '@mcp-obo/platform';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { freeBase } from '../clients/fixture/free-base.ts';
import { type RunningScript, runScript } from '../clients/fixture/script.ts';

let running: RunningScript | undefined;
afterEach(async () => {
  await running?.remove();
  running = undefined;
});

async function demo(...args: string[]): Promise<RunningScript> {
  running = runScript('e2e/src/demo/main.ts', ['--json', '--ports', String(await freeBase()), ...args]);
  return running;
}

const linesOf = (script: RunningScript) =>
  script
    .stdout()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('npm run demo', () => {
  it(
    verifies(['op:traces', 'op:redaction', 'rs:no-passthrough'], 'plays every step and ends with a trace'),
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'demo-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const picture = join(folder, 'trace.svg');
      const script = await demo('--trace-out', picture);
      expect([await script.ended, script.stderr()]).toEqual([0, '']);
      expect(readFileSync(picture, 'utf8')).toMatch(/^<svg [\s\S]*tools\/call list_expenses/);
      const lines = linesOf(script);
      const last = lines.at(-1);
      expect(last).toEqual({
        ok: true,
        steps: expect.any(Array),
        trace: { traceId: expect.stringMatching(/^[0-9a-f]{32}$/), spans: expect.any(Number) },
        picture,
      });
      for (const step of last.steps) {
        expect(step).toEqual({ name: expect.any(String), ok: true, ms: expect.any(Number) });
      }
      expect(last.steps.map(({ name }: { name: string }) => name)).toEqual(
        expect.arrayContaining([
          'refused-without-token',
          'discovery',
          'login',
          'read-only',
          'cached',
          'step-up',
          'wrong-role',
          'financial',
          'admin',
          'own-rows',
          'other-tenant',
          'no-passthrough',
          'machine',
        ]),
      );
      expect(last.trace.spans).toBeGreaterThan(100);
      expect(script.stdout()).not.toMatch(/eyJ[\w-]{8,}/);
      expect([script.processes(), script.leftovers()]).toEqual([[], []]);
    },
  );

  it.each(Object.entries(breaks).map(([name, { hop, says }]) => [name as BreakName, hop, says] as const))(
    'with --break %s fails at the hop %s, because %s',
    async (name, hop) => {
      const script = await demo('--break', name);
      expect(await script.ended).toBe(1);
      const last = linesOf(script).at(-1);
      expect(last).toMatchObject({ ok: false, hop });
      expect(last.steps.at(-1)).toMatchObject({ ok: false });
      expect(script.processes()).toEqual([]);
    },
  );

  it('leaves nothing behind when it is interrupted', async () => {
    const script = await demo();
    await expect.poll(script.stdout, { timeout: 45_000 }).toContain('"step":"login"');
    expect(script.processes()).toHaveLength(partNames.length);
    script.kill('SIGINT');
    expect(await script.ended).toBe(130);
    expect([script.processes(), script.leftovers()]).toEqual([[], []]);
  });

  it.each([
    [['--break', 'nothing'], /--break knows audience, /],
    [['--ports', 'many'], /--ports must be a number/],
    [['--ports', '80'], /from 1024 to 65531/],
    [['--ports', '5e3'], /from 1024 to 65531/],
    [['--unknown'], /--unknown/],
  ])('refuses %j with a sentence and starts nothing', async (args, message) => {
    running = runScript('e2e/src/demo/main.ts', args);
    expect(await running.ended).toBe(2);
    expect(running.stderr()).toMatch(message);
    expect(running.stderr()).not.toContain('    at ');
  });
});
