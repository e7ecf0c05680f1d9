import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '@mcp-obo/testbed/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareDistribution } from '../src/distribution.ts';
import { systemEnvironment } from '../src/environment.ts';
import { type KeycloakOptions, startKeycloak } from '../src/keycloak.ts';
import { without } from './available.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keycloak-bad-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const start = async (options: Partial<KeycloakOptions>) =>
  startKeycloak({
    port: await freePort(),
    managementPort: await freePort(),
    dir,
    logFile: join(dir, 'keycloak.log'),
    engines: ['native'],
    ...options,
  });

/** A folder with these commands, to be a PATH. */
function commands(scripts: Readonly<Record<string, string>>): string {
  const path = join(dir, 'bin');
  mkdirSync(path);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return path;
}

const java17 = 'echo \'openjdk version "17.0.15" 2025-04-15\' >&2';

describe('startKeycloak, where it cannot', () => {
  it.each<[string, () => Readonly<Record<string, string>>, RegExp]>([
    [
      'no Java',
      () => ({ PATH: commands({}) }),
      /^Keycloak needs Java 17 or later and java is not there: install it, e\.g\. with "apt-get install [^\n]+"\.$/,
    ],
    [
      'a Java that is too old',
      () => ({ PATH: commands({ java: java17.replace('17.0.15', '11.0.2') }) }),
      /^Keycloak needs Java 17 or later and this is 11\.0\.2: install a newer one, or name it with JAVA_HOME\.$/,
    ],
    [
      'a JAVA_HOME without Java',
      () => ({ PATH: commands({ java: java17 }), JAVA_HOME: join(dir, 'nowhere') }),
      /nowhere\/bin\/java is not there/,
    ],
    [
      'no Maven',
      () => ({ PATH: commands({ java: java17 }) }),
      /^Maven gets Keycloak and mvn is not there: install it, e\.g\. with "apt-get install maven"\.$/,
    ],
  ])('says what to do when there is %s', async (_case, env, message) => {
    await expect(start({ env: env(), cacheDir: join(dir, 'cache') })).rejects.toThrow(message);
  });

  it('says what port is taken', async () => {
    const port = await freePort();
    const squatter = createServer().listen(port, '127.0.0.1');
    try {
      const message = `Port ${port} on 127.0.0.1 is in use and Keycloak needs it: stop what listens there, or choose another port.`;
      await expect(start({ port })).rejects.toThrow(message);
      await expect(start({ managementPort: port })).rejects.toThrow(message);
    } finally {
      squatter.close();
    }
  });
});

describe('startKeycloak, where it may choose', () => {
  it('says what the first choice lacks when it has none', async () => {
    const path = process.env.PATH;
    process.env.PATH = commands({});
    try {
      await expect(
        start({ engines: ['native', 'container'], env: { PATH: process.env.PATH } }),
      ).rejects.toThrow(/^Keycloak needs Java 17 or later/);
    } finally {
      process.env.PATH = path;
    }
  });
});

describe('startKeycloak in a container, where it cannot', () => {
  it('says what to do when no engine answers', async () => {
    const path = process.env.PATH;
    process.env.PATH = commands({});
    try {
      await expect(start({ engines: ['container'] })).rejects.toThrow(
        // As root it could start one, so that it says what is missing; otherwise, that none answers.
        /^(?:There is no container engine|No container engine answers \(.+\)): install Docker/,
      );
    } finally {
      process.env.PATH = path;
    }
  });
});

describe.skipIf(without('native'))('startKeycloak, where a real part fails', { timeout: 180_000 }, () => {
  it('says that the distribution is not to be had, and keeps nothing half done', async () => {
    mkdirSync(join(dir, '.m2'));
    writeFileSync(join(dir, '.m2', 'settings.xml'), '<settings><offline>true</offline></settings>');
    const env = { ...systemEnvironment(), MAVEN_OPTS: `-Duser.home=${dir}` };
    const cacheDir = join(dir, 'cache');
    await expect(start({ env, cacheDir })).rejects.toThrow(
      /^Maven cannot get org\.keycloak:keycloak-quarkus-dist:26\.7\.3:zip: it needs a repository/,
    );
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  it('keeps nothing of a preparation that was given up', async () => {
    const given = AbortSignal.timeout(1000);
    const cacheDir = join(dir, 'cache');
    const env = {
      ...systemEnvironment(),
      PATH: [commands({ mvn: 'exec sleep 60' }), process.env.PATH].join(delimiter),
    };
    await expect(prepareDistribution({ cacheDir, env, signal: given })).rejects.toThrow(/abort|timeout/i);
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  it('says that Keycloak died, with its own words, when its database cannot be read', async () => {
    const { home, admin } = await prepareDistribution({
      cacheDir: join(systemCache(), 'mcp-obo'),
      env: systemEnvironment(),
    });
    const damaged = join(dir, 'cache', home.split('/').at(-2) ?? '');
    mkdirSync(join(damaged, 'keycloak', 'data', 'h2'), { recursive: true });
    for (const name of ['bin', 'lib', 'conf', 'providers', 'themes']) {
      symlinkSync(join(home, name), join(damaged, 'keycloak', name));
    }
    writeFileSync(join(damaged, 'keycloak', 'data', 'h2', 'keycloakdb.mv.db'), 'no database'.repeat(1000));
    writeFileSync(join(damaged, 'admin.json'), JSON.stringify(admin));
    await expect(start({ cacheDir: join(dir, 'cache') })).rejects.toThrow(
      /^Keycloak ended with exit code 1\. Its log says why\.\n[\s\S]*(database|h2|mv\.db)/i,
    );
  });
});

function systemCache(): string {
  return process.env.XDG_CACHE_HOME || join(process.env.HOME ?? '', '.cache');
}
