import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '@mcp-obo/testbed/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Keycloak, startKeycloak } from '../src/keycloak.ts';
import { renderRealm } from '../src/realm.ts';
import type { EngineName } from '../src/runtime.ts';
import { without } from './available.ts';
import { containersWith, listeners, processesWith } from './processes.ts';

const values = {
  sslRequired: 'none',
  mcpUrl: 'http://127.0.0.1:4000/mcp',
  targetAudience: 'api://expenses',
  'interactive.clientId': 'people',
  'interactive.name': 'People',
  'interactive.redirectUris': ['http://127.0.0.1/callback'],
  'interactive.webOrigins': ['http://localhost:6274'],
  registrationOrigins: ['http://localhost:6274'],
  backchannelLogoutUrl: 'http://127.0.0.1:4001/backchannel-logout',
  'secret.registration': 'made-for-this-test',
};

describe.each<EngineName>(['native', 'container'])('a Keycloak of this machine, %s', (engine) => {
  describe.skipIf(without(engine))('once it is up', { timeout: 240_000 }, () => {
    let dir: string;
    let port: number;
    let managementPort: number;
    let keycloak: Keycloak;
    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'keycloak-run-'));
      [port = 0, managementPort = 0] = await freePorts(2);
      const realms = [renderRealm('globex', values)];
      keycloak = await startKeycloak({
        engines: [engine],
        port,
        managementPort,
        dir,
        logFile: join(dir, 'log'),
        realms,
      });
    }, 400_000);
    afterAll(async () => {
      await keycloak?.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    const configuration = async (host: string) => {
      const response = await fetch(`http://${host}:${port}/realms/globex/.well-known/openid-configuration`);
      return (await response.json()) as Record<string, unknown>;
    };

    it('says what it is', () => {
      expect([keycloak.kind, keycloak.engine, keycloak.version]).toEqual(['keycloak', engine, '26.7.3']);
    });

    it('serves the realm under the issuer it was told, whatever name it is reached by', async () => {
      for (const host of ['127.0.0.1', 'localhost'])
        expect((await configuration(host)).issuer).toBe(keycloak.issuer('globex'));
    });

    it('tells clients the scopes of the realm, and no offline access', async () => {
      const { scopes_supported: scopes, code_challenge_methods_supported: methods } =
        await configuration('127.0.0.1');
      expect(scopes).toEqual(
        expect.arrayContaining(['mcp:tools:execute', 'expenses:read', 'api:expenses.read']),
      );
      expect(scopes).not.toContain('offline_access');
      expect(methods).toContain('S256');
    });

    it('has the realm as its file says, also where Keycloak has defaults of its own', async () => {
      const names = async (path: string) =>
        ((await keycloak.admin.request('GET', path)) as { name: string }[]).map(({ name }) => name).sort();
      expect(await names('globex/default-default-client-scopes')).toEqual([
        'acr',
        'basic',
        'groups',
        'web-origins',
      ]);
      const type = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';
      expect(await names(`globex/components?type=${type}`)).toHaveLength(7);
      const { id } = await keycloak.admin.client('globex', values.mcpUrl);
      expect(await keycloak.admin.request('GET', `globex/clients/${id}`)).toMatchObject({
        fullScopeAllowed: false,
        attributes: { 'standard.token.exchange.enabled': 'true' },
      });
    });

    it('listens on the loopback interface only', () => {
      const own = listeners().filter((listener) => [port, managementPort].includes(listener.port));
      expect(own).toHaveLength(2);
      for (const { loopback } of own) expect(loopback).toBe(true);
    });

    it('comes back at the same address with the same data', async () => {
      const before = await keycloak.admin.client('globex', 'people');
      const leader = keycloak.pid;
      await keycloak.restart();
      expect(keycloak.pid).not.toBe(leader);
      expect(await keycloak.admin.client('globex', 'people')).toMatchObject({ id: before.id });
    });

    it('tells when it ends without being asked to', async () => {
      for (const pid of processesWith(`--http-port=${port}`)) process.kill(pid, 'SIGKILL');
      expect(await keycloak.failed).toMatch(/^Keycloak ended with (SIGKILL|exit code 137)\.$/);
    });

    it('leaves no process behind', async () => {
      await keycloak.stop();
      await keycloak.stop();
      expect(processesWith(`--http-port=${port}`)).toEqual([]);
      expect(processesWith(dir)).toEqual([]);
    });
  });

  it.skipIf(without(engine))(
    'ends with whoever started it, however that ends',
    { timeout: 400_000 },
    async () => {
      const dir = mkdtempSync(join(tmpdir(), 'keycloak-orphan-'));
      const runDir = join(dir, 'run');
      mkdirSync(runDir);
      const [port, managementPort] = await freePorts(2);
      const options = {
        engines: [engine],
        port,
        managementPort,
        dir: runDir,
        runDir,
        logFile: join(dir, 'log'),
      };
      const parent = spawn(process.execPath, ['--input-type=module', '-e', starting(options)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const [said] = await Promise.race([once(parent.stdout, 'data'), once(parent, 'close')]);
        expect(String(said)).toBe('up');
        expect(processesWith(`--http-port=${port}`).length).toBeGreaterThan(0);
        parent.kill('SIGKILL');
        await expect.poll(() => processesWith(`--http-port=${port}`), { timeout: 20_000 }).toEqual([]);
        expect(existsSync(runDir)).toBe(false);
      } finally {
        parent.kill('SIGKILL');
        rmSync(dir, { recursive: true, force: true });
      }
    },
  );

  it.skipIf(without(engine))(
    'leaves nothing when whoever started it ends in the middle of the start',
    { timeout: 400_000 },
    async () => {
      const dir = mkdtempSync(join(tmpdir(), 'keycloak-orphan-'));
      const [port, managementPort] = await freePorts(2);
      const options = { engines: [engine], port, managementPort, dir, logFile: join(dir, 'log') };
      const parent = spawn(process.execPath, ['--input-type=module', '-e', starting(options)]);
      try {
        const begun = () =>
          containersWith(`--http-port=${port}`).length + processesWith(`--http-port=${port}`).length;
        await expect.poll(begun, { timeout: 120_000, interval: 20 }).toBeGreaterThan(0);
        parent.kill('SIGKILL');
        await expect.poll(begun, { timeout: 20_000 }).toBe(0);
        // What the engine had been asked for just before may come a moment later.
        await sleep(3000);
        expect(begun()).toBe(0);
      } finally {
        parent.kill('SIGKILL');
        rmSync(dir, { recursive: true, force: true });
      }
    },
  );
});

/** A script that starts Keycloak, says so, and goes on until it is ended. */
function starting(options: object): string {
  const module = new URL('../src/index.ts', import.meta.url).href;
  return `
    const { startKeycloak } = await import(${JSON.stringify(module)});
    await startKeycloak(${JSON.stringify(options)});
    process.stdout.write('up');`;
}
