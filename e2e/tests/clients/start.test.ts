import { partNames, portsFrom, type Urls } from '@mcp-obo/platform';
import { afterEach, describe, expect, it } from 'vitest';
import { freeBase, isFree } from './fixture/free-base.ts';
import { post } from './fixture/mcp-http.ts';
import { redirectUrl } from './fixture/memory-provider.ts';
import { publishMetadataDocument } from './fixture/metadata-document.ts';
import { logInByHand } from './fixture/raw-login.ts';
import { type RunningScript, runNpm, runScript } from './fixture/script.ts';
import type { TestPlatform } from './fixture/test-platform.ts';

let running: RunningScript | undefined;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await running?.remove();
  running = undefined;
});

async function start(env: Readonly<Record<string, string>> = {}) {
  const base = await freeBase();
  const script = runScript('infra/platform/src/start.ts', ['--json', '--ports', String(base)], env);
  running = script;
  await expect.poll(script.stdout, { timeout: 45_000 }).toContain('\n');
  return { script, ports: portsFrom(base), ready: JSON.parse(script.stdout()) };
}

const call = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'list_expenses', arguments: {} },
};

describe('npm start -- --json', () => {
  it('prints all that a client and its user need, and ends with nothing left', async () => {
    const { url, caFile, close } = await publishMetadataDocument(redirectUrl);
    closers.push(close);
    const { script, ports, ready } = await start({ NODE_EXTRA_CA_CERTS: caFile });
    // What a test of a client takes from the line, and nothing else.
    const platform = { urls: { mcp: ready.mcp } as Urls, ports, users: ready.users, clients: ready.clients };
    const [{ client_id, redirect_uris }] = ready.clients;
    for (const client of [
      { clientId: client_id, redirectUri: redirect_uris[0] },
      { clientId: url, redirectUri: redirectUrl },
    ]) {
      const { accessToken } = await logInByHand(platform as TestPlatform, { username: 'alice', ...client });
      const { messages } = await post(ready.mcp, call, { authorization: `Bearer ${accessToken}` });
      expect(messages[0].result.structuredContent.expenses.length).toBeGreaterThan(0);
    }

    expect(script.processes()).toHaveLength(partNames.length);
    script.kill('SIGTERM');
    expect([await script.ended, script.stderr()]).toEqual([0, '']);
    expect([script.processes(), script.leftovers()]).toEqual([[], []]);
    expect(await Promise.all(Object.values(ports).map(isFree))).toEqual([true, true, true, true, true]);
  });

  it('leaves no process and no port taken when it is killed', async () => {
    const { script, ports } = await start();
    script.kill('SIGKILL');
    await script.ended;
    await expect.poll(script.processes, { timeout: 15_000 }).toEqual([]);
    expect(await Promise.all(Object.values(ports).map(isFree))).toEqual([true, true, true, true, true]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'ends all of it when npm alone gets %s',
    async (signal) => {
      const base = await freeBase();
      const npm = runNpm('start', ['--json', '--ports', String(base)]);
      running = npm;
      await expect.poll(npm.stdout, { timeout: 45_000 }).toContain('"ready":true');
      npm.kill(signal);
      await npm.ended;
      await expect.poll(npm.processes, { timeout: 15_000 }).toEqual([]);
      expect(await Promise.all(Object.values(portsFrom(base)).map(isFree))).toEqual(Array(5).fill(true));
    },
  );
});
