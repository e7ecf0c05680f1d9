import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { javaVersion } from './java.ts';
import { KeycloakProblem } from './problem.ts';
import { runCommand } from './run-command.ts';
import type { AdminCredentials } from './runtime.ts';
import { buildSettings, defaultFeatures, quiet } from './settings.ts';

/** The version everything here was made for. */
export const keycloakVersion = '26.7.3';

/** Changes when a distribution that was prepared before can no longer be used. */
const recipe = 1;
/** The version of the Maven plugin is the one that Maven 3 names for itself. */
const unpack = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:unpack';

export interface DistributionOptions {
  /** Folder that keeps what was prepared, for the next start. */
  readonly cacheDir: string;
  /** Environment of Maven and Java: `PATH`, `HOME`, `JAVA_HOME`. */
  readonly env: Readonly<Record<string, string>>;
  readonly features?: readonly string[];
  /** Told before a step that takes long. */
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A Keycloak that is unpacked, built for its features and has an empty database with one administrator. */
export interface Distribution {
  readonly home: string;
  /** The administrator: a confidential client of the realm `master` (client credentials). */
  readonly admin: AdminCredentials;
}

/**
 * Prepares the distribution once: Maven gets it with the settings as they are, `kc.sh build` builds it, and
 * the database gets its tables, which together is most of what a start would take. The result appears in the
 * cache under its name when it is whole, and not before.
 *
 * @throws KeycloakProblem with one sentence when Java, Maven or the distribution is not to be had.
 */
export async function prepareDistribution(options: DistributionOptions): Promise<Distribution> {
  const { cacheDir, features = defaultFeatures, say = () => {}, signal } = options;
  const folder = await folderOf(options);
  if (!existsSync(folder)) {
    await mkdir(cacheDir, { recursive: true });
    await removeLeftovers(cacheDir);
    const draft = join(cacheDir, `.draft-${process.pid}-${randomBytes(4).toString('hex')}`);
    try {
      await prepare(draft, { ...options, features });
      signal?.throwIfAborted();
      // Whoever comes second finds a folder that is not empty, and takes that.
      await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    say(`Keycloak ${keycloakVersion} is prepared in ${folder}.`);
  }
  return {
    home: join(folder, 'keycloak'),
    admin: JSON.parse(readFileSync(join(folder, 'admin.json'), 'utf8')) as AdminCredentials,
  };
}

/** Where the distribution was prepared; undefined when it was not yet. */
export async function distributionFolder(
  options: Pick<DistributionOptions, 'cacheDir' | 'env' | 'features'>,
): Promise<string | undefined> {
  const folder = await folderOf(options);
  return existsSync(folder) ? folder : undefined;
}

async function folderOf({
  cacheDir,
  env,
  features = defaultFeatures,
}: Pick<DistributionOptions, 'cacheDir' | 'env' | 'features'>): Promise<string> {
  const java = await javaVersion(env);
  const key = createHash('sha256')
    .update(JSON.stringify([recipe, java, features, buildSettings]))
    .digest('hex')
    .slice(0, 10);
  return join(cacheDir, `keycloak-${keycloakVersion}-${key}`);
}

async function prepare(
  draft: string,
  { env, features = [], say = () => {}, signal }: DistributionOptions,
): Promise<void> {
  await mkdir(draft, { mode: 0o700 });
  say(`Getting Keycloak ${keycloakVersion} by Maven (177 MB, once) …`);
  await unpackTo(draft, env, signal);
  const home = join(draft, 'keycloak');
  await rename(join(draft, `keycloak-${keycloakVersion}`), home);

  say('Building it and making its database (once, about 30 s) …');
  const kc = async (args: readonly string[], extra: Readonly<Record<string, string>>) => {
    const result = await runCommand(join(home, 'bin', 'kc.sh'), args, {
      env: { ...env, ...buildSettings, ...extra },
      ...(signal !== undefined && { signal }),
    });
    if (result.code === 0) return;
    throw new KeycloakProblem(
      `Keycloak cannot be prepared: kc.sh ${args[0]} ended with ${result.code}.`,
      result.tail,
    );
  };
  await kc(['build', ...(features.length > 0 ? [`--features=${features.join(',')}`] : [])], {});
  const admin = { clientId: 'mcp-obo-admin', clientSecret: randomBytes(32).toString('base64url') };
  await kc(
    [
      'bootstrap-admin',
      'service',
      '--optimized',
      '--no-prompt',
      `--client-id=${admin.clientId}`,
      '--client-secret:env=ADMIN_SECRET',
    ],
    { ADMIN_SECRET: admin.clientSecret, ...quiet },
  );
  await writeFile(join(draft, 'admin.json'), JSON.stringify(admin), { mode: 0o600 });
}

async function unpackTo(
  folder: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const artifact = `org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`;
  const { code, tail } = await runCommand(
    'mvn',
    ['-q', '-B', '-ntp', unpack, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
    { cwd: folder, env: mavenEnvironment(env), ...(signal !== undefined && { signal }) },
  );
  if (code === 0) return;
  if (code === 127)
    throw new KeycloakProblem(
      'Maven gets Keycloak and mvn is not there: install it, e.g. with "apt-get install maven".',
    );
  throw new KeycloakProblem(
    `Maven cannot get ${artifact}: it needs a repository that has it (settings.xml) and a network.`,
    tail,
  );
}

/** Java takes the home folder from the list of users; here `HOME` decides, as it does for everything else. */
function mavenEnvironment(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { HOME, MAVEN_OPTS = '' } = env;
  // The script of Maven splits its options at white space.
  if (HOME === undefined || /\s/.test(HOME)) return env;
  return { ...env, MAVEN_OPTS: `-Duser.home=${HOME} ${MAVEN_OPTS}`.trim() };
}

/** Drafts of processes that are gone. */
async function removeLeftovers(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    const pid = /^\.draft-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(cacheDir, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
