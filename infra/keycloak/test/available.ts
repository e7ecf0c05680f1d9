import { spawnSync } from 'node:child_process';

/** True where the tests that need a real Keycloak are to be left out; with `CI=true` they fail instead. */
export const withoutKeycloak =
  process.env.CI !== 'true' &&
  ['java', 'mvn'].some((command) => spawnSync(command, ['-version'], { stdio: 'ignore' }).status !== 0);
