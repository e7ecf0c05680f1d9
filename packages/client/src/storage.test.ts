import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { type Stage, setStage } from '../test/stage.ts';
import { createKeychainStore, type KeychainEntry } from './keychain.ts';
import { type CredentialStore, createMemoryStore } from './store.ts';

/** A keychain that takes as much as Windows' Credential Manager does. */
function smallKeychain() {
  const secrets = new Map<string, string>();
  const entry = (service: string, account: string): KeychainEntry => {
    const key = `${service}/${account}`;
    return {
      getPassword: async () => secrets.get(key) ?? null,
      setPassword: async (secret) => {
        if (Buffer.byteLength(secret, 'utf16le') > 2560) throw new Error('the secret is too long');
        secrets.set(key, secret);
      },
      deletePassword: async () => secrets.delete(key),
    };
  };
  return { secrets, entry };
}

const stores: [string, () => CredentialStore][] = [
  ['memory', createMemoryStore],
  ['the keychain', () => createKeychainStore({ service: 'test', entry: smallKeychain().entry })],
];

describe.each(stores)('a store in %s', (_name, create) => {
  it(verifies('cl:storage', 'gives back what was last set, until it is deleted'), async () => {
    const store = create();
    expect(await store.get('k')).toBeUndefined();
    await store.set('k', 'one');
    await store.set('other', 'x');
    await store.set('k', 'two');
    expect(await store.get('k')).toBe('two');
    await store.delete('k');
    await store.delete('k');
    expect(await store.get('k')).toBeUndefined();
    expect(await store.get('other')).toBe('x');
  });

  it('keeps values as long as tokens are', async () => {
    const store = create();
    const long = `${'é✓'.repeat(4000)}end`;
    await store.set('k', long);
    expect(await store.get('k')).toBe(long);
    await store.set('k', '');
    expect(await store.get('k')).toBe('');
  });
});

describe('the keychain', () => {
  it('leaves nothing behind', async () => {
    const { secrets, entry } = smallKeychain();
    const store = createKeychainStore({ service: 'test', entry });
    await store.set('k', 'x'.repeat(5000));
    await store.set('k', 'y'.repeat(1500));
    expect(secrets.size).toBe(3);
    await store.delete('k');
    expect(secrets.size).toBe(0);
  });

  it('shows the old value to a reader until the new one is whole', async () => {
    const { secrets, entry } = smallKeychain();
    const store = createKeychainStore({ service: 'test', entry });
    await store.set('k', 'old'.repeat(1000));
    const failing = createKeychainStore({
      service: 'test',
      entry: (service, account) => ({
        ...entry(service, account),
        setPassword: (secret) =>
          account.endsWith('.2')
            ? Promise.reject(new Error('locked'))
            : entry(service, account).setPassword(secret),
      }),
    });
    await expect(failing.set('k', 'new'.repeat(1000))).rejects.toThrow('locked');
    expect(await store.get('k')).toBe('old'.repeat(1000));
    secrets.delete('test/k 1.1');
    expect(await store.get('k')).toBeUndefined();
  });
});

describe('a session', () => {
  let stage: Stage | undefined;
  afterEach(async () => {
    await stage?.close();
  });

  it(verifies('cl:storage', 'writes no file, and is taken up again from its store'), async () => {
    stage = await setStage();
    const home = await mkdtemp(join(tmpdir(), 'mcp-obo-client-'));
    const before = process.cwd();
    process.chdir(home);
    try {
      const store = createMemoryStore();
      await stage.session({ store }).login();
      const later = stage.session({ store });
      expect((await later.fetch(stage.resource.url)).status).toBe(200);
      expect(stage.opened).toHaveLength(1);
      expect(await readdir(home)).toEqual([]);
    } finally {
      process.chdir(before);
      await rm(home, { recursive: true });
    }
  });

  it('begins anew when what its store holds cannot be read', async () => {
    stage = await setStage();
    const store = createMemoryStore();
    await store.set(`tokens ${stage.resource.url}`, '{"accessToken":1');
    expect((await stage.session({ store }).fetch(stage.resource.url)).status).toBe(200);
    expect(stage.opened).toHaveLength(1);
  });

  it('of one server never shows its token to another', async () => {
    stage = await setStage();
    const other = await setStage();
    const store = createMemoryStore();
    await stage.session({ store }).fetch(stage.resource.url);
    await other.session({ store }).fetch(other.resource.url);
    expect(other.resource.requests[0]).toBe('GET /mcp -');
    await other.close();
  });
});
