import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const images = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
};

describe('the command', () => {
  it('explains itself', () => {
    expect(images('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Usage:'),
      stderr: '',
    });
  });

  it.each([
    [['brew'], /^There is no command "brew"\./],
    [[], /^Say what to do\./],
    [['build', '--fast'], /Unknown option '--fast'/],
    [['build', 'mysql:8'], /^There is no recipe for mysql:8; "list" shows those there are\./],
  ])('refuses %j with exit code 2', (args, message) => {
    expect(images(...args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  it('lists every image with what is in it', () => {
    const { status, stdout } = images('list');
    expect(status).toBe(0);
    for (const name of ['debian:bookworm-slim', 'redis:7-bookworm', 'quay.io/keycloak/keycloak:26.7.3'])
      expect(stdout).toContain(name);
  });
});
