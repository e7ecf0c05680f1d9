import { spawnSync } from 'node:child_process';
import type { EngineName } from '../src/runtime.ts';

const commands: Readonly<Record<EngineName, readonly (readonly string[])[]>> = {
  native: [
    ['java', '-version'],
    ['mvn', '-version'],
  ],
  container: [['docker', 'info']],
};

/** True where the tests that need this engine are to be left out; with `CI=true` they fail instead. */
export function without(engine: EngineName): boolean {
  if (process.env.CI === 'true') return false;
  // `npm test` says so where Maven is there and cannot get it.
  if (engine === 'native' && process.env.MCP_OBO_WITHOUT === 'keycloak') return true;
  return commands[engine].some(
    ([command = '', ...args]) => spawnSync(command, args, { stdio: 'ignore' }).status !== 0,
  );
}
