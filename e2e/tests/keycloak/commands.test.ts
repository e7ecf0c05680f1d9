import { homedir } from 'node:os';
import { join } from 'node:path';
import { partNames, portsFrom, type Urls } from '@mcp-obo/platform';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { freeBase, isFree } from '../clients/fixture/free-base.ts';
import { logInByHand } from '../clients/fixture/raw-login.ts';
import { type RunningScript, runScript } from '../clients/fixture/script.ts';
import type { TestPlatform } from '../clients/fixture/test-platform.ts';
import { eras, mcpCaller } from './fixture/call.ts';

// A script has a home of its own; what was prepared for Keycloak is found all the same.
const env = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME || join(homedir(), '.cache') };

let running: RunningScript | undefined;
afterEach(async () => {
  await running?.remove();
  running = undefined;
});

function run(script: string, base: number): RunningScript {
  running = runScript(script, ['--idp', 'keycloak', '--json', '--ports', String(base)], env);
  return running;
}

describe('with --idp keycloak', { timeout: 400_000 }, () => {
  it('npm start prints what a client needs on Keycloak, and ends with nothing left', async () => {
    const base = await freeBase();
    const script = run('infra/platform/src/start.ts', base);
    await expect.poll(script.stdout, { timeout: 240_000 }).toContain('\n');
    const ready = JSON.parse(script.stdout());
    expect(ready).toMatchObject({
      ready: true,
      issuer: `http://127.0.0.1:${base + 3}/realms/acme`,
      idp: expect.stringMatching(/^keycloak 26\.\d+\.\d+ \((?:native|container)\)$/),
      redis: expect.stringMatching(/^redis:\/\/127\.0\.0\.1:\d+$/),
    });
    const platform = {
      urls: { mcp: ready.mcp } as Urls,
      users: ready.users,
      clients: ready.clients,
      idp: { kind: 'keycloak' },
    };
    const [{ client_id: clientId, redirect_uris: redirectUris }] = ready.clients;
    const { accessToken } = await logInByHand(platform as unknown as TestPlatform, {
      username: 'alice',
      clientId,
      redirectUri: redirectUris[0],
    });
    for (const era of eras) {
      const { content } = await mcpCaller(era, ready.mcp).call(accessToken, 'list_expenses');
      expect(content.expenses.length).toBeGreaterThan(0);
    }
    expect(script.processes().length).toBeGreaterThan(partNames.length - 1);
    script.kill('SIGINT');
    expect([await script.ended, script.stderr()]).toEqual([0, '']);
    expect([script.processes(), script.leftovers()]).toEqual([[], []]);
    for (const port of Object.values(portsFrom(base)))
      expect([port, await isFree(port)]).toEqual([port, true]);
  });

  it(verifies('op:traces', 'npm run demo plays every step on Keycloak and Redis'), async () => {
    const script = run('e2e/src/demo/main.ts', await freeBase());
    expect([await script.ended, script.stderr()]).toEqual([0, '']);
    const lines = script
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const last = lines.at(-1);
    expect(last).toMatchObject({ ok: true, trace: { traceId: expect.stringMatching(/^[0-9a-f]{32}$/) } });
    const steps = last.steps.map(({ name }: { readonly name: string }) => name);
    expect(steps).toEqual(
      expect.arrayContaining([
        'login',
        'read-only',
        'cached',
        'step-up',
        'wrong-role',
        'other-tenant',
        'machine',
      ]),
    );
    expect(steps.filter((name: string) => name.endsWith('-2025')).length).toBeGreaterThanOrEqual(6);
    expect([script.processes(), script.leftovers()]).toEqual([[], []]);
  });
});
