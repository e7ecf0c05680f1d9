import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { liveView, seconds } from './live-view.mjs';
import { runGroup } from './process-group.mjs';

/** What goes away after a failed install, so that the next one starts from firm ground and finds a Node.js. */
const halfInstalled = ['.bin/node', '.modules.yaml', '.pnpm-workspace-state-v1.json', '.mcp-obo-installed'];

/**
 * Installs pnpm, the pinned Node.js and every package of the lock file, when that has not been done since the
 * lock file last changed. Says so on standard error and keeps the full output in `artifacts/install.log`.
 *
 * @param {string} root folder of the repository
 * @returns {Promise<boolean>} false when it failed; the reason has been written
 */
export async function ensureInstalled(root) {
  const stamp = join(root, 'node_modules', '.mcp-obo-installed');
  const wanted = fingerprint(root);
  if (readIfThere(stamp) === wanted && existsSync(pinnedNode(root))) return true;

  const manager = String(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager);
  process.stderr.write(
    `Installing what is missing: ${manager} by npx, then the packages of pnpm-lock.yaml into node_modules, ` +
      'the pinned Node.js among them. Nothing else on this machine changes.\n',
  );
  const code = await install(root, manager);
  if (code === 0 && existsSync(pinnedNode(root))) {
    writeFileSync(stamp, wanted);
    return true;
  }
  undo(root);
  process.stderr.write(
    `The installation failed (exit code ${code}). The last lines of artifacts/install.log:\n\n` +
      `${readIfThere(join(root, 'artifacts', 'install.log'))
        .trimEnd()
        .split('\n')
        .slice(-15)
        .join('\n')}\n\n` +
      'It needs the npm registry that this machine is configured with and about 1 GB of disk.\n',
  );
  return false;
}

/**
 * The pinned Node.js.
 * @param {string} root
 */
export function pinnedNode(root) {
  return join(root, 'node_modules', 'node', 'bin', 'node');
}

/**
 * @param {string} root
 * @param {string} manager
 */
async function install(root, manager) {
  mkdirSync(join(root, 'artifacts'), { recursive: true });
  const log = createWriteStream(join(root, 'artifacts', 'install.log'));
  const view = liveView('installing', { stream: process.stderr });
  const start = Date.now();
  const onExit = () => undo(root);
  process.once('exit', onExit);
  try {
    const code = await runGroup('npx', ['-y', manager, 'install', '--frozen-lockfile'], {
      cwd: root,
      env: { ...process.env, CI: 'true', npm_config_loglevel: 'error' },
      stdio: ['ignore', 'pipe', 'pipe'],
      onStart(child) {
        for (const stream of [child.stdout, child.stderr]) {
          stream?.on('data', (chunk) => {
            log.write(chunk);
            view.note(String(chunk));
          });
        }
      },
    });
    view.done(code === 0 ? `Installed in ${seconds(Date.now() - start)}.` : 'Not installed.');
    return code;
  } catch (error) {
    view.done(
      `npx cannot be started (${/** @type {Error} */ (error).message}); it comes with Node.js and npm.`,
    );
    return 1;
  } finally {
    process.removeListener('exit', onExit);
    await new Promise((resolve) => log.end(() => resolve(undefined)));
  }
}

/** @param {string} root */
function undo(root) {
  for (const name of halfInstalled) rmSync(join(root, 'node_modules', name), { force: true });
}

/**
 * Changes with everything that decides what is installed.
 * @param {string} root
 */
function fingerprint(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const name of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml']) {
    hash.update(readFileSync(join(root, name)));
  }
  return hash.digest('hex');
}

/** @param {string} file */
function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
