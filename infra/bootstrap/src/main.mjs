import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { commands, help, overview } from './commands.mjs';
import { ensureInstalled, pinnedNode } from './install.mjs';
import { runGroup } from './process-group.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * `run.mjs COMMAND [arguments]`: installs what is missing and runs the command with the pinned Node.js. What it
 * says of itself goes to standard error, so that `--json` of a command stays clean.
 *
 * @param {readonly string[]} argv
 */
export async function main([name = '', ...args]) {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const known = name === '' || name === '--help';
    process.stderr.write(known ? `${overview()}\n` : `There is no command "${name}".\n\n${overview()}\n`);
    process.exitCode = known ? 0 : 2;
    return;
  }
  const wrong = wrongOption(command, args);
  if (wrong !== undefined) {
    process.stderr.write(
      wrong === '--help' ? `${help(name)}\n` : `There is no option "${wrong}".\n\n${help(name)}\n`,
    );
    process.exitCode = wrong === '--help' ? 0 : 2;
    return;
  }
  if (!(await ensureInstalled(root))) {
    process.exitCode = 1;
    return;
  }
  if (!existsSync(join(root, command.script))) {
    process.stderr.write(`npm run ${name} needs ${command.script}, which is not in this checkout.\n`);
    process.exitCode = 1;
    return;
  }
  const guard = join(root, 'infra/platform/src/orphan-guard.mjs');
  const script = join(root, command.script);
  process.exitCode = await runGroup(
    pinnedNode(root),
    ['--import', pathToFileURL(guard).href, script, ...command.args, ...args],
    // The pipe is the line that the guard watches: it breaks when this process is gone.
    { cwd: root, env: childEnvironment(), stdio: ['pipe', 'inherit', 'inherit'] },
  );
}

/**
 * The first argument that the command does not know, or `--help`; nothing for commands that print their own.
 * @param {import('./commands.mjs').Command} command
 * @param {readonly string[]} args
 */
function wrongOption({ options }, args) {
  if (options === undefined) return undefined;
  if (args.includes('--help')) return '--help';
  return args.find((arg) => !options.some(([option]) => option === arg));
}

/** The pinned tools first on the PATH; no tool reports to anybody. */
function childEnvironment() {
  return {
    ...process.env,
    PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  };
}
