import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages, keycloakVersion, runCommand } from '@mcp-obo/images';
import { prepareContainers } from './containers.mjs';
import { prepareNativeKeycloak } from './keycloak.mjs';
import { liveView, plain, seconds } from './live-view.mjs';
import { testParts } from './parts.mjs';
import { readRun, reportsOf, testedWorkspaces } from './results.mjs';
import { prepareSystem, systemParts } from './system-parts.mjs';
import { timeTable } from './time-table.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const artifacts = join(root, 'artifacts');
const packed = join(artifacts, 'packed');
const quick = process.argv.includes('--quick');
const force = process.argv.includes('--force');
const strict = process.env.CI === 'true';

const say = (/** @type {string} */ line) => void process.stdout.write(`${line}\n`);

rmSync(packed, { recursive: true, force: true });
for (const name of ['md', 'txt']) rmSync(join(artifacts, `requirements.${name}`), { force: true });
mkdirSync(packed, { recursive: true });
const workspaces = testedWorkspaces(root).filter((folder) => !quick || folder !== 'e2e');
for (const report of testedWorkspaces(root).flatMap(reportsOf)) rmSync(join(root, report), { force: true });

// Ctrl-C reaches the running tool too; this process waits for it, so that it can end its own tasks.
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
  });
}

/** @type {{ name: string, status: 'passed' | 'failed' | 'skipped' }[]} */
const checks = [];
/** What was found and how long each part took, for the end. @type {string[]} */
const machine = [];
/** @type {{ name: string, milliseconds: number }[]} */
const times = [];
const containers = await prepare();
if (interrupted) process.exit(130);
if (quick)
  say(
    'Left out here and part of npm test: the packed packages (publint, attw), e2e, the table of requirements, and Prometheus from the compose file (its rules are checked by promtool).',
  );

for (const part of testParts({ root, packed, quick, force })) {
  const ok = await runPart(part);
  if (interrupted) process.exit(130);
  checks.push({ name: part.name, status: ok ? 'passed' : 'failed' });
}
await containers.stop();
conclude();

/** Installs and starts what the tests run for real, and says what is there and what is not. */
async function prepare() {
  const mayInstall = !process.argv.includes('--no-install');
  const start = Date.now();
  const log = createWriteStream(join(artifacts, 'prepare.log'));
  const view = liveView('preparing the machine');
  const onLine = (/** @type {string} */ line) => {
    log.write(`${line}\n`);
    view.note(line);
  };
  const install = (/** @type {readonly string[]} */ names) => installPackages(runCommand, names, { onLine });
  const parts = systemParts.filter((part) => !quick || part.quick);
  const outcomes = await prepareSystem(parts, { mayInstall, say, install });
  const made = quick ? undefined : await prepareContainers({ mayInstall, say, onLine });
  // Read by the tests that need an image: nothing has looked for an engine here, or made any.
  if (quick) process.env.MCP_OBO_WITHOUT = 'containers';
  if (made !== undefined) {
    const message = made.ready
      ? `${made.message}, Keycloak ${keycloakVersion} and its Redis in containers`
      : made.message;
    outcomes.push({ name: 'containers', ready: made.ready, message });
  }
  if (made?.ready === false) {
    const keycloak = await prepareNativeKeycloak({ say: onLine });
    outcomes.push({ name: 'keycloak', ...keycloak });
    // Read by the tests on Keycloak, which cannot tell by themselves whether Maven would get it.
    if (!keycloak.ready && !strict) process.env.MCP_OBO_WITHOUT = 'keycloak';
  }
  await new Promise((resolve) => log.end(() => resolve(undefined)));
  times.push({ name: 'preparing', milliseconds: Date.now() - start });
  view.done(`✓ looked for what the tests need, ${seconds(Date.now() - start)}`);
  for (const { name, ready, message } of outcomes) {
    machine.push(message);
    const then = strict ? 'the tests that need it fail' : 'the tests that need it are skipped';
    say(ready ? `✓ ${message}` : `✗ ${message}; ${then}`);
    if (!ready) checks.push({ name, status: strict ? 'failed' : 'skipped' });
  }
  return made ?? { stop: async () => {} };
}

/**
 * Runs the commands of a part; all output goes to `artifacts/NAME.log`.
 * @param {import('./parts.mjs').Part} part
 */
async function runPart({ name, commands }) {
  const log = createWriteStream(join(artifacts, `${name}.log`));
  const view = liveView(name);
  const start = Date.now();
  let ok = true;
  for (const [command, ...args] of commands) {
    if (interrupted) break;
    const code = await new Promise((resolve) => {
      log.write(`$ ${command} ${args.join(' ')}\n`);
      const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
      child.once('error', (error) => {
        log.write(`${error.message}\n`);
        resolve(1);
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => {
          log.write(plain(String(chunk)));
          view.note(String(chunk));
        });
      }
      child.once('close', resolve);
    });
    ok &&= code === 0;
  }
  await new Promise((resolve) => log.end(() => resolve(undefined)));
  times.push({ name, milliseconds: Date.now() - start });
  view.done(`${ok ? '✓' : '✗'} ${name} ${seconds(Date.now() - start)}`);
  return ok;
}

/** Prints what failed and ends with the line that counts. */
function conclude() {
  const runs = workspaces.map((folder) => ({ folder, ...readRun(root, folder) }));
  const results = runs.flatMap((run) => run.results);
  const failedTests = results.filter(({ status }) => status === 'failed');
  for (const { file, title, message } of failedTests) {
    say(`\n✗ ${file}\n  ${title}\n${indent(plain(message).split('\n').slice(0, 12))}`);
  }
  for (const { name, status } of checks) {
    if (status === 'failed') say(`\n✗ ${name}: from artifacts/${name}.log\n${indent(logExtract(name))}`);
  }
  const table = join(artifacts, 'requirements.txt');
  if (existsSync(table)) {
    say('\nRequirement, tests, result (with rules and sources: artifacts/requirements.md)\n');
    say(readFileSync(table, 'utf8').trimEnd());
  }
  say(`\nTime of the tests; a script that nothing changed for is told as it was when it ran\n`);
  for (const line of timeTable(runs)) say(line);
  say(`\nOn ${machine.join(', ')}`);
  say(times.map(({ name, milliseconds }) => `${name} ${seconds(milliseconds)}`).join(', '));
  const count = (/** @type {string} */ wanted) =>
    [...results, ...checks].filter(({ status }) => status === wanted).length;
  const failed = count('failed');
  say(`\n${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/**
 * The lines of a log that name a fault, and its end.
 * @param {string} name
 */
function logExtract(name) {
  const file = join(artifacts, `${name}.log`);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const faults = lines.filter((line) =>
    /error TS\d+|(?:format|lint\/\S+|assist\/\S+|parse) ━|FAIL |^✗|\bERR_/.test(line),
  );
  return [...faults.slice(0, 20), ...lines.slice(-12)];
}

/** @param {readonly string[]} lines */
function indent(lines) {
  return lines.map((line) => `    ${line}`).join('\n');
}
