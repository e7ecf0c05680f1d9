import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * @typedef {object} SystemPart
 * @property {string} name as shown
 * @property {string} command
 * @property {readonly string[]} args tell its version
 * @property {RegExp} version finds it in what the command writes
 * @property {readonly string[]} packages Debian packages
 * @property {string} elsewhere what to do where there is no apt
 * @property {boolean} quick true when `npm run test:quick` needs it too
 */

/** Programs of the system that tests run for real. @type {readonly SystemPart[]} */
export const systemParts = [
  {
    name: 'Redis',
    command: 'redis-server',
    args: ['--version'],
    version: /v=(\S+)/,
    packages: ['redis-server'],
    elsewhere: 'brew install redis, or the like',
    quick: true,
  },
  {
    name: 'promtool',
    command: 'promtool',
    args: ['--version'],
    version: /version (\d[\d.]*)/,
    packages: ['prometheus'],
    elsewhere: 'brew install prometheus, or the like',
    quick: true,
  },
  {
    name: 'nginx',
    command: 'nginx',
    args: ['-v'],
    version: /nginx\/(\S+)/,
    packages: ['nginx-light'],
    elsewhere: 'brew install nginx, or the like',
    quick: false,
  },
  {
    name: 'Chromium',
    command: 'chromium',
    args: ['--version'],
    version: /Chromium (\S+)/,
    packages: ['chromium', 'fonts-liberation'],
    elsewhere: 'brew install chromium, or the like',
    quick: false,
  },
  {
    name: 'Java',
    command: 'java',
    args: ['-version'],
    version: /version "([^"]+)"/,
    packages: ['default-jre-headless'],
    elsewhere: 'a Java 17 or later, for Keycloak',
    quick: false,
  },
  {
    name: 'Maven',
    command: 'mvn',
    args: ['--version'],
    version: /Apache Maven (\d[\d.]*)/,
    packages: ['maven'],
    elsewhere: 'brew install maven, or the like; it gets Keycloak',
    quick: false,
  },
];

/**
 * @typedef {{ name: string, ready: boolean, message: string }} PartOutcome
 * @typedef {object} PrepareOptions
 * @property {boolean} mayInstall
 * @property {(line: string) => void} say told before anything on the machine changes
 * @property {(packages: readonly string[]) => Promise<void>} install installs Debian packages; rejects with a sentence
 * @property {typeof spawnSync} [run]
 * @property {boolean} [isRoot]
 * @property {boolean} [hasApt]
 */

/**
 * Makes sure that these programs are there: as root on Debian all that are missing are installed at once, which is
 * said first; elsewhere each message says what to install.
 *
 * @param {readonly SystemPart[]} parts
 * @param {PrepareOptions} options
 * @returns {Promise<PartOutcome[]>}
 */
export async function prepareSystem(
  parts,
  {
    mayInstall,
    say,
    install,
    run = spawnSync,
    isRoot = process.getuid?.() === 0,
    hasApt = existsSync('/usr/bin/apt-get'),
  },
) {
  const versions = new Map(parts.map((part) => [part, versionOf(part, run)]));
  const missing = parts.filter((part) => versions.get(part) === undefined);
  let problem = '';
  if (missing.length > 0 && mayInstall && isRoot && hasApt) {
    const packages = missing.flatMap((part) => part.packages);
    say(
      `Missing: ${list(missing.map(({ name }) => name))}. Installing the Debian packages ${packages.join(', ')} ` +
        'with apt-get; their services are not started.',
    );
    await install(packages).catch((error) => {
      problem = `; ${/** @type {Error} */ (error).message}`;
    });
  }
  return parts.map((part) => {
    const found = versions.get(part);
    if (found !== undefined) return { name: part.name, ready: true, message: `${part.name} ${found}` };
    const installed = missing.includes(part) ? versionOf(part, run) : undefined;
    if (installed !== undefined)
      return { name: part.name, ready: true, message: `${part.name} ${installed}, installed now` };
    const advice = `install it with "apt-get install ${part.packages.join(' ')}" (elsewhere: ${part.elsewhere})`;
    return { name: part.name, ready: false, message: `${part.name} is missing: ${advice}${problem}` };
  });
}

/**
 * @param {SystemPart} part
 * @param {typeof spawnSync} run
 */
function versionOf({ command, args, version }, run) {
  const { status, stdout, stderr } = run(command, args, { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return version.exec(`${stdout}\n${stderr}`)?.[1] ?? 'found';
}

/** @param {readonly string[]} names */
function list(names) {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
