/** What Maven and Java need of this process's environment, and no more: others would change Keycloak. */
const needed = ['PATH', 'HOME', 'JAVA_HOME', 'MAVEN_OPTS', 'MAVEN_ARGS', 'LANG', 'TZ', 'TMPDIR'];

/** The part of this process's environment that Maven and Java get. */
export function systemEnvironment(): Record<string, string> {
  return Object.fromEntries(
    needed.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
