import type { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { prepareSystem, systemParts } from './system-parts.mjs';

const said: Readonly<Record<string, string>> = {
  'redis-server': 'Redis server v=7.0.15 sha=0',
  promtool: 'promtool, version 2.42.0+ds (branch: x)',
  nginx: 'nginx version: nginx/1.22.1',
  chromium: 'Chromium 156.0.8078.73 built on Debian',
  java: 'openjdk version "17.0.15" 2025-04-15',
  mvn: '\u001b[1mApache Maven 3.8.7\u001b[m\nMaven home: /usr/share/maven',
};

/** A machine with these commands, on which apt may bring the rest. */
function machine(present: readonly string[], aptWorks = true) {
  const commands = new Set(present);
  const installed: string[][] = [];
  // nginx and java write their version to standard error.
  const run = (command: string) =>
    commands.has(command) ? { status: 0, stdout: '', stderr: said[command] } : { status: null };
  const install = async (packages: readonly string[]) => {
    installed.push([...packages]);
    if (!aptWorks) throw new Error('apt-get could not install them: E: no network');
    for (const part of systemParts)
      if (part.packages.every((name) => packages.includes(name))) commands.add(part.command);
  };
  return { run: run as unknown as typeof spawnSync, install, installed };
}

const everything = Object.keys(said);
const root = { mayInstall: true, isRoot: true, hasApt: true };

describe('prepareSystem', () => {
  it('names the versions and changes nothing where everything is there', async () => {
    const { run, install, installed } = machine(everything);
    const lines: string[] = [];
    const outcomes = await prepareSystem(systemParts, {
      ...root,
      run,
      install,
      say: (line) => lines.push(line),
    });
    expect(outcomes.map(({ message }) => message)).toEqual([
      'Redis 7.0.15',
      'promtool 2.42.0',
      'nginx 1.22.1',
      'Chromium 156.0.8078.73',
      'Java 17.0.15',
      'Maven 3.8.7',
    ]);
    expect([lines, installed]).toEqual([[], []]);
  });

  it('installs all that is missing at once, as root on Debian, and says so before', async () => {
    const { run, install, installed } = machine(['java', 'mvn', 'nginx', 'promtool']);
    const lines: string[] = [];
    const say = (line: string) => void lines.push(`${line} (${installed.length} installed)`);
    const outcomes = await prepareSystem(systemParts, { ...root, run, install, say });
    expect(lines).toEqual([
      'Missing: Redis and Chromium. Installing the Debian packages redis-server, chromium, fonts-liberation with ' +
        'apt-get; their services are not started. (0 installed)',
    ]);
    expect(installed).toEqual([['redis-server', 'chromium', 'fonts-liberation']]);
    expect(outcomes.every(({ ready }) => ready)).toBe(true);
    expect(outcomes[0]?.message).toBe('Redis 7.0.15, installed now');
  });

  it.each([
    ['--no-install forbids it', { mayInstall: false }],
    ['the user is not root', { isRoot: false }],
    ['there is no apt', { hasApt: false }],
  ])('says exactly what to install when %s', async (_, options) => {
    const { run, install, installed } = machine(everything.filter((name) => name !== 'chromium'));
    const outcomes = await prepareSystem(systemParts, { ...root, run, install, say: () => {}, ...options });
    expect(installed).toEqual([]);
    expect(outcomes.filter(({ ready }) => !ready)).toEqual([
      {
        name: 'Chromium',
        ready: false,
        message:
          'Chromium is missing: install it with "apt-get install chromium fonts-liberation" ' +
          '(elsewhere: brew install chromium, or the like)',
      },
    ]);
  });

  it('gives the reason of apt', async () => {
    const { run, install } = machine([], false);
    const [redis] = await prepareSystem(systemParts, { ...root, run, install, say: () => {} });
    expect(redis).toMatchObject({ ready: false, message: expect.stringContaining('E: no network') });
  });
});
