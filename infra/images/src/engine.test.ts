import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { machine } from '../test/machine.ts';
import { ensureCompose } from './compose-command.ts';
import { installPackages } from './debian-packages.ts';
import { type EngineOptions, NoEngineError, openEngine } from './engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-engine-'));
const policyFile = join(folder, 'policy-rc.d');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Setup {
  readonly running?: boolean;
  readonly daemonInstalled?: boolean;
  readonly aptWorks?: boolean;
}

/** A machine with or without an engine; apt and starting the daemon change it. */
function place({ running = false, daemonInstalled = false, aptWorks = true }: Setup) {
  let up = running;
  let installed = daemonInstalled;
  let stopped = false;
  const { run, ran } = machine(() => [
    up
      ? [/^docker version/, { stdout: '20.10.24\n' }]
      : [/^docker version/, { code: 1, stderr: 'Cannot connect to the Docker daemon at unix:///x.' }],
    ...(installed ? [[/^dockerd --version/, {}] as const] : []),
    [/^apt-get update/, {}],
    [/^apt-get install/, aptWorks ? {} : { code: 100, stderr: 'E: Unable to locate package docker.io\n' }],
  ]);
  const recording: EngineOptions['run'] = async (command, args, options) => {
    const ended = await run(command, args, options);
    if (command === 'apt-get' && args.includes('install') && ended.code === 0) installed = true;
    return ended;
  };
  const startDaemon = async () => {
    up = true;
    return {
      stop: async () => {
        stopped = true;
      },
    };
  };
  const said: string[] = [];
  const open = (options: Partial<EngineOptions> = {}) =>
    openEngine({
      mayInstall: true,
      isRoot: true,
      hasApt: true,
      say: (line) => said.push(`${line} (after ${ran.length})`),
      run: recording,
      startDaemon,
      install: (apt, names) => installPackages(apt, names, { policyFile, hasSystemd: false }),
      ...options,
    });
  return { open, ran, said, stopped: () => stopped };
}

describe('ensureCompose', () => {
  const there = (version: string) => ({ stdout: `${version}\n` });

  it.each([
    ['the plugin', [/^docker compose version --short$/, there('v2.40.3')], ['docker', ['compose'], '2.40.3']],
    [
      'docker-compose',
      [/^docker-compose version --short$/, there('1.29.2')],
      ['docker-compose', [], '1.29.2'],
    ],
  ] as const)('finds %s', async (_, answer, [command, prefix, version]) => {
    const { run } = machine(() => [answer, [/^docker compose/, { code: 125 }]]);
    expect(await ensureCompose({ mayInstall: false, say: () => {}, run })).toEqual({
      command,
      prefix,
      version,
    });
  });

  it('says what to install where it may not', async () => {
    const { run } = machine(() => []);
    await expect(ensureCompose({ mayInstall: false, say: () => {}, run })).rejects.toThrow(
      'There is no docker compose: install the compose plugin of Docker (on Debian: apt-get install docker-compose).',
    );
  });

  it('says so before it installs it, as root on Debian', async () => {
    const said: string[] = [];
    let installed = false;
    const { run } = machine(() => (installed ? [[/^docker-compose version/, there('1.29.2')]] : []));
    const install = async () => {
      installed = said.length === 1;
    };
    const options = { mayInstall: true, isRoot: true, hasApt: true, install, run };
    const { version } = await ensureCompose({ ...options, say: (line) => said.push(line) });
    expect([version, said]).toEqual([
      '1.29.2',
      ['There is no docker compose: installing the Debian package docker-compose with apt-get.'],
    ]);
  });
});

describe('openEngine', () => {
  it('uses an engine that answers, and leaves it running', async () => {
    const { open, said, ran, stopped } = place({ running: true });
    const engine = await open();
    await engine.stop();
    expect([engine.version, engine.origin, said, stopped()]).toEqual(['Docker 20.10.24', 'found', [], false]);
    expect(ran).toEqual(['docker version --format {{.Server.Version}}']);
  });

  it('starts an installed dockerd as root, and ends it', async () => {
    const { open, said, ran, stopped } = place({ daemonInstalled: true });
    const engine = await open({ mayInstall: false });
    expect([engine.version, engine.origin]).toEqual(['Docker 20.10.24', 'started']);
    expect(said).toEqual(['Starting dockerd; it ends with this command. (after 2)']);
    expect(ran.filter((line) => line.startsWith('apt-get'))).toEqual([]);
    await engine.stop();
    expect(stopped()).toBe(true);
  });

  it('says so before it installs one, as root on Debian', async () => {
    const { open, said, ran } = place({});
    await open();
    expect(said[0]).toBe(
      'There is no container engine: installing the Debian packages docker.io, iptables with apt-get. (after 2)',
    );
    expect(ran.filter((line) => line.startsWith('apt-get'))).toEqual([
      'apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 docker.io iptables',
    ]);
  });

  it.each([
    [
      'the user is not root',
      { isRoot: false },
      /^No container engine answers \(Cannot connect.*\): install Docker/,
    ],
    ['--no-install forbids it', { mayInstall: false }, /^There is no container engine: install Docker/],
    ['there is no apt', { hasApt: false }, /^There is no container engine: install Docker/],
  ])('says in one sentence what to do when %s', async (_, options, message) => {
    const { open, ran } = place({});
    const error = await open(options).catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(NoEngineError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
    expect(ran.filter((line) => line.startsWith('apt-get'))).toEqual([]);
  });

  it('gives the reason of apt', async () => {
    const { open } = place({ aptWorks: false });
    await expect(open()).rejects.toThrow(
      'apt-get could not install docker.io, iptables: E: Unable to locate package docker.io',
    );
  });
});
