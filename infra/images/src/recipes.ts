import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { lastLine } from './command.ts';
import type { PrepareContext, Recipe } from './recipe.ts';

/** The version of the identity provider. */
export const keycloakVersion = '26.7.3';
const npmVersion = '11.21.2';
const nodeVersion = (
  createRequire(new URL('../../../package.json', import.meta.url))('node/package.json') as { version: string }
).version;

/** Debian release that everything local is made from. */
const suite = 'bookworm';

/** Every image that can be made without a container registry, bases first. */
export const recipes: readonly Recipe[] = [
  {
    image: 'debian:bookworm-slim',
    content: 'Debian 12, minimal',
    folder: 'debian',
    inputs: ['minbase 3'],
    tools: { debootstrap: 'debootstrap' },
    prepare: makeRootFileSystem,
  },
  {
    image: 'node:24-bookworm-slim',
    content: `Node.js ${nodeVersion}, npm ${npmVersion}`,
    folder: 'node',
    from: 'debian:bookworm-slim',
    inputs: [nodeVersion, npmVersion],
    prepare: copyNode,
  },
  {
    image: 'redis:7-bookworm',
    content: 'Redis 7.0 of Debian',
    folder: 'redis',
    from: 'debian:bookworm-slim',
  },
  {
    image: `quay.io/keycloak/keycloak:${keycloakVersion}`,
    content: `Keycloak ${keycloakVersion} by Maven, Java 17 of Debian`,
    folder: 'keycloak',
    from: 'debian:bookworm-slim',
    inputs: [keycloakVersion],
    tools: { mvn: 'maven' },
    prepare: unpackKeycloak,
  },
  {
    image: 'nginx:1',
    content: 'nginx 1.22 of Debian',
    folder: 'nginx',
    from: 'debian:bookworm-slim',
  },
  {
    image: 'prom/prometheus:v2.42.0',
    content: 'Prometheus 2.42.0 of Debian',
    folder: 'prometheus',
    from: 'debian:bookworm-slim',
  },
];

/** Documentation, manuals and package lists stay out, as in the official slim image. */
const leftOut = ['doc', 'man', 'info', 'locale', 'lintian', 'groff', 'linda'].map(
  (name) => `./usr/share/${name}/*`,
);

async function makeRootFileSystem({ folder, run, onLine }: PrepareContext): Promise<void> {
  const root = join(folder, 'root');
  const made = await run(
    'debootstrap',
    ['--variant=minbase', '--include=ca-certificates', suite, root, 'http://deb.debian.org/debian'],
    { onLine },
  );
  if (made.code !== 0) throw new Error(`debootstrap failed: ${lastLine(made)}.`);
  const packed = await run('tar', [
    '--numeric-owner',
    ...[...leftOut, './var/lib/apt/lists/*', './var/cache/apt/*.bin', './var/cache/apt/archives/*.deb'].map(
      (pattern) => `--exclude=${pattern}`,
    ),
    '-C',
    root,
    '-cf',
    join(folder, 'rootfs.tar'),
    '.',
  ]);
  if (packed.code !== 0) throw new Error(`tar failed: ${lastLine(packed)}.`);
  // The engine would be sent all of it.
  await rm(root, { recursive: true, force: true });
}

/** The pinned Node.js of this workspace, and npm from its registry. */
async function copyNode({ folder, run, onLine }: PrepareContext): Promise<void> {
  const root = createRequire(new URL('../../../package.json', import.meta.url));
  await cp(join(dirname(root.resolve('node/package.json')), 'bin', 'node'), join(folder, 'node'), {
    dereference: true,
  });
  const packed = await run('npm', ['pack', `npm@${npmVersion}`, '--silent'], { cwd: folder, onLine });
  if (packed.code !== 0) throw new Error(`npm ${npmVersion} cannot be had: ${lastLine(packed)}.`);
  const archive = join(folder, `npm-${npmVersion}.tgz`);
  const unpacked = await run('tar', ['-xzf', archive, '-C', folder]);
  if (unpacked.code !== 0) throw new Error(`tar failed: ${lastLine(unpacked)}.`);
  await rename(join(folder, 'package'), join(folder, 'npm'));
  await rm(archive);
}

async function unpackKeycloak({ folder, run, onLine }: PrepareContext): Promise<void> {
  const artifact = `org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`;
  const draft = join(folder, 'draft');
  await mkdir(draft);
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:unpack';
  const got = await run(
    'mvn',
    ['-q', '-B', '-ntp', goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${draft}`],
    { cwd: draft, onLine },
  );
  if (got.code !== 0) throw new Error(`Maven cannot get ${artifact}: ${lastLine(got)}.`);
  await rename(join(draft, `keycloak-${keycloakVersion}`), join(folder, 'keycloak'));
  await rm(draft, { recursive: true });
}
