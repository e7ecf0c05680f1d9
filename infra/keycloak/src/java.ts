import { KeycloakProblem } from './problem.ts';
import { runCommand } from './run-command.ts';

/** The oldest Java that Keycloak 26 runs on. */
const oldest = 17;

/**
 * The version of the Java that `kc.sh` would take, e.g. `17.0.15`.
 *
 * @throws KeycloakProblem when there is none or it is too old.
 */
export async function javaVersion(env: Readonly<Record<string, string>>): Promise<string> {
  const java = env.JAVA_HOME === undefined ? 'java' : `${env.JAVA_HOME}/bin/java`;
  const { code, tail } = await runCommand(java, ['-version'], { env });
  const version = /version "([^"]+)"/.exec(tail.join('\n'))?.[1];
  if (code !== 0 || version === undefined) {
    throw new KeycloakProblem(
      `Keycloak needs Java ${oldest} or later and ${java} is not there: install it, e.g. with "apt-get install openjdk-17-jre-headless maven".`,
    );
  }
  if (Number(/^\d+/.exec(version)?.[0]) >= oldest) return version;
  throw new KeycloakProblem(
    `Keycloak needs Java ${oldest} or later and this is ${version}: install a newer one, or name it with JAVA_HOME.`,
  );
}
