import type { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { prepareRedis } from './redis.mjs';

/** A machine that records what is run on it. */
function machine({ installed = false, packageKnown = true, aptWorks = true } = {}) {
  const ran: string[] = [];
  let present = installed;
  let known = packageKnown;
  const run = (command: string, args: string[]) => {
    ran.push([command, ...args].join(' '));
    if (command === 'redis-server')
      return present ? { status: 0, stdout: 'Redis server v=7.0.15 sha=0' } : { status: null };
    if (args.includes('update')) known = aptWorks;
    else if (known && aptWorks) present = true;
    return present || args.includes('update') ? { status: 0 } : { status: 100, stderr: 'E: no package\n' };
  };
  return { ran, run: run as unknown as typeof spawnSync };
}

describe('prepareRedis', () => {
  it('changes nothing where a redis-server is there', () => {
    const { ran, run } = machine({ installed: true });
    expect(prepareRedis({ mayInstall: true, say: () => {}, run, isRoot: true, hasApt: true })).toEqual({
      ready: true,
      message: 'redis-server 7.0.15',
    });
    expect(ran).toEqual(['redis-server --version']);
  });

  it('says so before it installs, as root on Debian', () => {
    const { ran, run } = machine({ packageKnown: false });
    const said: string[] = [];
    const say = (line: string) => void said.push(`${line} (after ${ran.length})`);
    expect(prepareRedis({ mayInstall: true, say, run, isRoot: true, hasApt: true }).ready).toBe(true);
    expect(said).toEqual([
      'redis-server is missing: installing the Debian package redis-server with apt-get. (after 1)',
    ]);
    expect(ran.filter((line) => line.startsWith('apt-get'))).toEqual([
      'apt-get -qq install -y --no-install-recommends redis-server',
      'apt-get -qq update',
      'apt-get -qq install -y --no-install-recommends redis-server',
    ]);
  });

  it.each([
    ['--no-install forbids it', { mayInstall: false, isRoot: true, hasApt: true }],
    ['the user is not root', { mayInstall: true, isRoot: false, hasApt: true }],
    ['there is no apt', { mayInstall: true, isRoot: true, hasApt: false }],
  ])('says what to install when %s', (_, options) => {
    const { ran, run } = machine();
    const { ready, message } = prepareRedis({ say: () => {}, run, ...options });
    expect([ready, message]).toEqual([false, expect.stringContaining('apt-get install redis-server')]);
    expect(ran).toEqual(['redis-server --version']);
  });

  it('gives the reason when apt cannot do it', () => {
    const { run } = machine({ aptWorks: false });
    expect(prepareRedis({ mayInstall: true, say: () => {}, run, isRoot: true, hasApt: true })).toEqual({
      ready: false,
      message: expect.stringContaining('could not be installed (E: no package)'),
    });
  });
});
