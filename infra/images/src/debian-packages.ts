import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { lastLine, type RunCommand } from './command.ts';

export interface InstallOptions {
  readonly onLine?: (line: string) => void;
  /** Where Debian asks whether a package may start its service; see invoke-rc.d(8). */
  readonly policyFile?: string;
  /** True where systemd starts services; by its folder unless told. */
  readonly hasSystemd?: boolean;
}

/** Another apt on the machine is waited for; seconds. */
const patience = ['-o', 'DPkg::Lock::Timeout=300'];

/**
 * Installs Debian packages without recommended ones. Services that come with them are neither started now nor with
 * the machine: only what a command here starts, runs. Rejects with the last line of apt.
 */
export async function installPackages(
  run: RunCommand,
  names: readonly string[],
  {
    onLine,
    policyFile = '/usr/sbin/policy-rc.d',
    hasSystemd = existsSync('/run/systemd/system'),
  }: InstallOptions = {},
): Promise<void> {
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, ...(onLine !== undefined && { onLine }) };
  const apt = (...args: string[]) => run('apt-get', args, options);
  const install = () => apt('install', '-y', '--no-install-recommends', ...patience, ...names);
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    let ended = await install();
    if (ended.code !== 0) {
      await apt('update');
      ended = await install();
    }
    if (ended.code !== 0)
      throw new Error(`apt-get could not install ${names.join(', ')}: ${lastLine(ended)}`);
  } finally {
    if (ownPolicy) rmSync(policyFile, { force: true });
  }
  if (hasSystemd) await disableServices(run, names);
}

async function disableServices(run: RunCommand, names: readonly string[]): Promise<void> {
  const { stdout } = await run('dpkg', ['-L', ...names]);
  const units = stdout
    .split('\n')
    .filter((file) => /\/systemd\/system\/[^/@]+\.(service|socket)$/.test(file))
    .map((file) => basename(file));
  if (units.length > 0) await run('systemctl', ['disable', ...new Set(units)]);
}
