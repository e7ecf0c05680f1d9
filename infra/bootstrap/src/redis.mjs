import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * @typedef {object} RedisOutcome
 * @property {boolean} ready
 * @property {string} message what was found or done, or what to install
 */

/**
 * Makes sure that a `redis-server` is on the PATH: as root on Debian it is installed, which is said first;
 * elsewhere the message says what to install.
 *
 * @param {{ mayInstall: boolean, say: (line: string) => void, run?: typeof spawnSync, isRoot?: boolean, hasApt?: boolean }} options
 * @returns {RedisOutcome}
 */
export function prepareRedis({
  mayInstall,
  say,
  run = spawnSync,
  isRoot = process.getuid?.() === 0,
  hasApt = existsSync('/usr/bin/apt-get'),
}) {
  const version = () => {
    const { status, stdout } = run('redis-server', ['--version'], { encoding: 'utf8' });
    return status === 0 ? (/v=(\S+)/.exec(String(stdout))?.[1] ?? 'found') : undefined;
  };
  const found = version();
  if (found !== undefined) return { ready: true, message: `redis-server ${found}` };
  const advice = 'install it with "apt-get install redis-server", "brew install redis" or the like';
  if (!mayInstall || !isRoot || !hasApt)
    return { ready: false, message: `redis-server is missing: ${advice}` };

  say('redis-server is missing: installing the Debian package redis-server with apt-get.');
  const apt = (/** @type {string[]} */ ...args) =>
    run('apt-get', ['-qq', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  const install = () => apt('install', '-y', '--no-install-recommends', 'redis-server');
  let result = install();
  if (result.status !== 0) {
    apt('update');
    result = install();
  }
  const installed = version();
  if (installed !== undefined) return { ready: true, message: `redis-server ${installed}, installed now` };
  const reason =
    String(result.stderr ?? '')
      .trim()
      .split('\n')
      .at(-1) ?? '';
  return { ready: false, message: `redis-server could not be installed (${reason}): ${advice}` };
}
