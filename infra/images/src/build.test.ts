import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { machine } from '../test/machine.ts';
import { type EnsureOptions, ensureImages } from './build.ts';
import { recipeLabel } from './docker.ts';
import { inOrder, type Recipe, recipeHash } from './recipe.ts';
import { recipes } from './recipes.ts';

const base: Recipe = { image: 'base:1', content: 'the base', folder: 'debian' };
const redis: Recipe = { image: 'redis:7', content: 'redis', folder: 'redis', from: 'base:1' };
const table = [base, redis];

const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-build-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const lockFile = join(folder, 'images.lock');

interface Setup {
  /** Label of each image that the engine has; `pulled` for none. */
  readonly has?: Readonly<Record<string, string>>;
  readonly registry?: boolean;
  readonly buildFails?: boolean;
}

function engine({ has = {}, registry = false, buildFails = false }: Setup) {
  const images = new Map(Object.entries(has));
  const { run, ran } = machine(() => [
    ...[...images].map(([image, recipe]) => {
      const labels = recipe === 'pulled' ? {} : { [recipeLabel]: recipe };
      const json = JSON.stringify({ Id: 'sha256:1', Size: 1, Config: { Labels: labels } });
      return [new RegExp(`^docker image inspect .* ${image}$`), { stdout: json }] as const;
    }),
    [/^docker image inspect/, { code: 1 }],
    [/^docker pull/, { code: registry ? 0 : 1 }],
    [
      /^docker build/,
      buildFails
        ? { code: 1, stdout: 'Step 1\nE: Unable to fetch some archives\nRemoving intermediate\n' }
        : {},
    ],
  ]);
  const said: string[] = [];
  const defaults = {
    mayInstall: false,
    say: (line: string) => void said.push(line),
    recipes: table,
    lockFile,
  };
  const ensure = (options: Partial<EnsureOptions> = {}) =>
    ensureImages({ images: ['redis:7'], run, ...defaults, ...options });
  return { ensure, ran, said, images, built: () => ran.filter((line) => line.startsWith('docker build')) };
}

const origins = (outcomes: Awaited<ReturnType<typeof ensureImages>>) =>
  outcomes.map(({ image, origin }) => [image, origin]);

describe('ensureImages', () => {
  it('keeps what was built from the same recipe, without asking a registry', async () => {
    const has = { 'base:1': recipeHash(base, table), 'redis:7': recipeHash(redis, table) };
    const { ensure, ran } = engine({ has });
    expect(origins(await ensure())).toEqual([
      ['base:1', 'kept'],
      ['redis:7', 'kept'],
    ]);
    expect(ran.every((line) => line.startsWith('docker image inspect'))).toBe(true);
  });

  it('keeps what somebody pulled, whatever the recipe says', async () => {
    const { ensure, built } = engine({ has: { 'base:1': 'pulled', 'redis:7': 'pulled' } });
    await ensure();
    expect(built()).toEqual([]);
  });

  it('builds again what an older recipe made', async () => {
    const { ensure } = engine({ has: { 'base:1': recipeHash(base, table), 'redis:7': 'older' } });
    expect(origins(await ensure())).toEqual([
      ['base:1', 'kept'],
      ['redis:7', 'built'],
    ]);
  });

  it('takes the image of a registry where one answers', async () => {
    const { ensure, built } = engine({ registry: true });
    expect(origins(await ensure())).toEqual([
      ['base:1', 'pulled'],
      ['redis:7', 'pulled'],
    ]);
    expect(built()).toEqual([]);
  });

  it('asks a registry that is not reached once, and builds under the official name with the hash as a label', async () => {
    const { ensure, ran, built } = engine({});
    await ensure();
    expect(ran.filter((line) => line.startsWith('docker pull'))).toEqual(['docker pull --quiet base:1']);
    expect(built()[1]).toContain(`--tag=redis:7 --label=${recipeLabel}=${recipeHash(redis, table)}`);
  });

  it('makes an image once when two runs want it, and says that it waits', async () => {
    const [first, second] = [engine({}), engine({})];
    const { promise: asked, resolve: begun } = Promise.withResolvers<void>();
    const { promise: told, resolve: goOn } = Promise.withResolvers<void>();
    const prepare: Recipe['prepare'] = async () => {
      begun();
      await told;
    };
    const slow = { ...base, prepare };
    const one = first.ensure({ recipes: [slow], images: ['base:1'] });
    await asked;
    const two = second.ensure({ recipes: [slow], images: ['base:1'] });
    await expect.poll(() => second.said).toHaveLength(1);
    second.images.set('base:1', recipeHash(slow, [slow]));
    goOn();
    expect(origins([...(await one), ...(await two)])).toEqual([
      ['base:1', 'built'],
      ['base:1', 'kept'],
    ]);
    expect(second.said).toEqual(['Another run on this machine is making images; waiting for it …']);
    expect(second.built()).toEqual([]);
  });

  it('says in one sentence which image failed and why, and leaves no folder', async () => {
    const folders: string[] = [];
    const prepare: Recipe['prepare'] = async ({ folder }) => void folders.push(folder);
    const { ensure } = engine({ buildFails: true });
    await expect(ensure({ recipes: [{ ...base, prepare }], images: ['base:1'] })).rejects.toThrow(
      'base:1 could not be built: E: Unable to fetch some archives; --verbose shows all of it.',
    );
    expect(folders.map((folder) => existsSync(folder))).toEqual([false]);
  });

  it('says what to install when a tool is missing and nothing may be installed', async () => {
    const { ensure } = engine({});
    await expect(
      ensure({ recipes: [{ ...base, tools: { debootstrap: 'debootstrap' } }], images: ['base:1'] }),
    ).rejects.toThrow(
      'base:1 is built with debootstrap, which is missing: install it with "apt-get install debootstrap".',
    );
  });

  it('stops between two images when it is interrupted', async () => {
    const { ensure, built } = engine({});
    await expect(ensure({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(built()).toEqual([]);
  });
});

describe('the recipes', () => {
  it('change their hash with their base', () => {
    expect(recipeHash(redis, [{ ...base, inputs: ['2'] }, redis])).not.toBe(recipeHash(redis, table));
  });

  it('have a base before what starts from it', () => {
    expect(inOrder(['redis:7-bookworm'], recipes).map(({ image }) => image)).toEqual([
      'debian:bookworm-slim',
      'redis:7-bookworm',
    ]);
    expect(() => inOrder(['mysql:8'], recipes)).toThrow(/^There is no recipe for mysql:8; there are debian/);
  });
});
