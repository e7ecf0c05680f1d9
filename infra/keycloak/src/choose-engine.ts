import { engineAnswers } from './container.ts';
import { distributionFolder } from './distribution.ts';
import { javaVersion } from './java.ts';
import { KeycloakProblem } from './problem.ts';
import { runCommand } from './run-command.ts';
import type { EngineName, RuntimeOptions } from './runtime.ts';

/** Rejects with a `KeycloakProblem` when Keycloak cannot be run this way here. */
type Check = (options: Pick<RuntimeOptions, 'env' | 'cacheDir' | 'features'>) => Promise<unknown>;

const checks: Readonly<Record<EngineName, Check>> = {
  native: async (options) => {
    await javaVersion(options.env);
    if (await distributionFolder(options)) return;
    const { code } = await runCommand('mvn', ['-version'], { env: options.env });
    if (code !== 0) throw new KeycloakProblem('Maven gets Keycloak and mvn is not there.');
  },
  container: engineAnswers,
};

/**
 * The first of these ways to run Keycloak that this machine has. Where it has none, the first is taken, so that
 * its start says what is missing.
 */
export async function chooseEngine(
  engines: readonly [EngineName, ...EngineName[]],
  options: Parameters<Check>[0],
): Promise<EngineName> {
  if (engines.length > 1) {
    for (const engine of engines) {
      try {
        await checks[engine](options);
        return engine;
      } catch (error) {
        if (!(error instanceof KeycloakProblem)) throw error;
      }
    }
  }
  return engines[0];
}
