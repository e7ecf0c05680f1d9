import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../run.mjs', import.meta.url));
const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

describe('run.mjs', () => {
  it('lists the commands of a fresh clone', () => {
    const { status, stderr } = run();
    expect(status).toBe(0);
    for (const name of [
      'npm run demo',
      'npm start',
      'npm test',
      'npm run test:quick',
      'npm run bench',
      'npm run compose',
    ]) {
      expect(stderr).toContain(name);
    }
  });

  it('says what it needs on an older Node.js', () => {
    const older = 'Object.defineProperty(process, "versions", { value: { node: "18.20.4" } })';
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(older)}`, script, 'test'],
      { encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^mcp-obo needs Node\.js 20 or later to start; this is v.*\n$/);
  });

  it.each(['test', 'test:quick'])('explains the options of %s', (name) => {
    const { status, stderr } = run(name, '--help');
    expect(status).toBe(0);
    expect(stderr).toContain('--no-install');
  });

  it.each([
    ['a command', ['deploy'], 'There is no command "deploy".'],
    ['a name of Object.prototype', ['constructor'], 'There is no command "constructor".'],
    ['an option', ['test', '--fast'], 'There is no option "--fast".'],
  ])('refuses %s that it does not know with exit code 2', (_, args, message) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
