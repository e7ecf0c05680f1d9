import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@mcp-obo/testbed/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Keycloak, startKeycloak } from '../src/keycloak.ts';
import { renderRealm } from '../src/realm.ts';
import { withoutKeycloak } from './available.ts';

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

describe.skipIf(withoutKeycloak)('a Keycloak of this machine', { timeout: 180_000 }, () => {
  let dir: string;
  let keycloak: Keycloak;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'keycloak-run-'));
    keycloak = await startKeycloak({
      port: await freePort(),
      managementPort: await freePort(),
      dir,
      logFile: join(dir, 'keycloak.log'),
      realms: [renderRealm('globex', values)],
    });
  }, 300_000);
  afterAll(async () => {
    await keycloak?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const configuration = async (host = '127.0.0.1') => {
    const { port } = new URL(keycloak.url);
    const response = await fetch(`http://${host}:${port}/realms/globex/.well-known/openid-configuration`);
    return (await response.json()) as Record<string, unknown>;
  };

  it('serves the realm under the issuer it was told, whatever name it is reached by', async () => {
    expect((await configuration()).issuer).toBe(keycloak.issuer('globex'));
  });

  it('tells clients the scopes of the realm, and no offline access', async () => {
    const { scopes_supported: scopes, code_challenge_methods_supported: methods } = await configuration();
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
    const policies =
      'globex/components?type=org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';
    expect(await names(policies)).toHaveLength(7);
    const { id } = await keycloak.admin.client('globex', values.mcpUrl);
    expect(await keycloak.admin.request('GET', `globex/clients/${id}`)).toMatchObject({
      fullScopeAllowed: false,
      attributes: { 'standard.token.exchange.enabled': 'true' },
    });
  });

  it('listens on the loopback interface only', () => {
    const { stdout } = spawnSync('ss', ['-Hltnp'], { encoding: 'utf8' });
    const group = new Set(
      spawnSync('ps', ['-eo', 'pid=,pgid='], { encoding: 'utf8' })
        .stdout.split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(([, group]) => Number(group) === keycloak.pid)
        .map(([pid]) => pid),
    );
    const own = stdout.split('\n').filter((line) => group.has(/pid=(\d+)/.exec(line)?.[1]));
    const addresses = own.map((line) => line.split(/\s+/)[3]);
    expect(addresses.length).toBeGreaterThanOrEqual(2);
    for (const address of addresses)
      expect(address).toMatch(/^(?:127\.0\.0\.1|\[::ffff:127\.0\.0\.1\]):\d+$/);
  });

  it('comes back at the same address with the same data', async () => {
    const before = await keycloak.admin.client('globex', 'people');
    const leader = keycloak.pid;
    await keycloak.restart();
    expect(keycloak.pid).not.toBe(leader);
    expect(await keycloak.admin.client('globex', 'people')).toMatchObject({ id: before.id });
  });

  it('tells when it ends without being asked to', async () => {
    process.kill(-keycloak.pid, 'SIGKILL');
    expect(await keycloak.failed).toBe('Keycloak ended with SIGKILL.');
  });

  it('leaves no process behind', async () => {
    await keycloak.stop();
    await keycloak.stop();
    const { stdout } = spawnSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => !line.startsWith('Z') && line.includes(dir))).toEqual([]);
    expect(existsSync(dir)).toBe(true);
  });
});
