import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ended, RunCommand } from './command.ts';
import { installPackages } from './debian-packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-apt-'));
const policyFile = join(folder, 'policy-rc.d');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(policyFile, { force: true }));

/** A machine whose apt knows the packages after an update, and that notes whether services may start. */
function debian({ known = true, works = true } = {}) {
  const ran: string[] = [];
  let listed = known;
  const run: RunCommand = async (command, args) => {
    ran.push([command, ...args].join(' ') + (existsSync(policyFile) ? ' (no service starts)' : ''));
    const failed: Ended = { code: 100, stdout: '', stderr: 'Reading…\nE: Unable to locate package x\n' };
    if (command === 'apt-get' && args[0] === 'update') listed = true;
    if (command === 'apt-get' && args[0] === 'install' && !(listed && works)) return failed;
    const files =
      '/lib/systemd/system/redis-server.service\n/lib/systemd/system/redis-server@.service\n/usr/bin/x\n';
    return { code: 0, stdout: command === 'dpkg' ? files : '', stderr: '' };
  };
  return { run, ran };
}

describe('installPackages', () => {
  it('lets no service start while it installs, and takes that back', async () => {
    const { run, ran } = debian();
    await installPackages(run, ['redis-server', 'nginx'], { policyFile, hasSystemd: false });
    expect(ran).toEqual([
      'apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 redis-server nginx (no service starts)',
    ]);
    expect(existsSync(policyFile)).toBe(false);
  });

  it('leaves a policy that is there as it is', async () => {
    writeFileSync(policyFile, '#!/bin/sh\n');
    await installPackages(debian().run, ['nginx'], { policyFile, hasSystemd: false });
    expect(existsSync(policyFile)).toBe(true);
  });

  it('keeps services from starting with the machine', async () => {
    const { run, ran } = debian();
    await installPackages(run, ['redis-server'], { policyFile, hasSystemd: true });
    expect(ran.at(-1)).toBe('systemctl disable redis-server.service');
  });

  it('updates the lists when a package is unknown', async () => {
    const { run, ran } = debian({ known: false });
    await installPackages(run, ['nginx'], { policyFile, hasSystemd: false });
    expect(ran.map((line) => line.split(' ')[1])).toEqual(['install', 'update', 'install']);
  });

  it('gives the last line of apt, and takes the policy back', async () => {
    const { run } = debian({ works: false });
    await expect(installPackages(run, ['x'], { policyFile, hasSystemd: false })).rejects.toThrow(
      'apt-get could not install x: E: Unable to locate package x',
    );
    expect(existsSync(policyFile)).toBe(false);
  });
});
