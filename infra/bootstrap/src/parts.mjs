import { globSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * @typedef {object} Part
 * @property {string} name as shown and in the name of its log
 * @property {readonly (readonly [string, ...string[]])[]} commands run one after another, all of them
 */

/**
 * What a test run does, in order. Every command is a tool of `node_modules/.bin`.
 *
 * @param {{ root: string, packed: string, quick: boolean, force: boolean }} options
 * @returns {Part[]}
 */
export function testParts({ root, packed, quick, force }) {
  const turbo = /** @type {const} */ (['--concurrency=2', '--continue=always', '--output-logs=new-only']);
  /** @type {Part[]} */
  const parts = [
    { name: 'lint', commands: [['biome', 'check', '--error-on-warnings', '.']] },
    { name: 'boundaries', commands: [['turbo', 'boundaries']] },
    { name: 'unused', commands: [['knip']] },
    {
      name: 'types-tests-build',
      commands: [
        [
          'turbo',
          'run',
          'typecheck',
          'test',
          'test:integration',
          'build',
          '--filter=!@mcp-obo/e2e',
          ...turbo,
          ...(force ? ['--force'] : []),
        ],
      ],
    },
  ];
  if (quick) return parts;
  return [
    ...parts,
    { name: 'packages', commands: packCommands(root, packed) },
    {
      name: 'e2e',
      commands: [
        ['turbo', 'run', 'typecheck', 'test', '--filter=@mcp-obo/e2e', '--only', '--force', ...turbo],
      ],
    },
    // Last: it holds the reports of all others against the requirements.
    { name: 'requirements', commands: [['vitest', 'run', '--root', 'e2e/manifest']] },
  ];
}

/**
 * Packs every package as it would be published and lints what is inside.
 * @param {string} root
 * @param {string} packed folder for the tarballs
 * @returns {[string, ...string[]][]}
 */
function packCommands(root, packed) {
  return globSync('packages/*/package.json', { cwd: root })
    .map((file) => basename(file.slice(0, -'/package.json'.length)))
    .sort()
    .flatMap((name) => {
      const tarball = join(packed, `${name}.tgz`);
      return /** @type {[string, ...string[]][]} */ ([
        ['pnpm', '--dir', join(root, 'packages', name), 'pack', '--out', tarball],
        ['publint', 'run', '--strict', tarball],
        ['attw', '--profile', 'esm-only', '--no-emoji', '--format', 'ascii', tarball],
      ]);
    });
}
