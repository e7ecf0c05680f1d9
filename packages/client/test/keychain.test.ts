import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretService, type SecretService, secretServiceMissing } from './secret-service.ts';

const missing = secretServiceMissing();
const where = missing === undefined ? '' : ` (skipped: ${missing})`;

describe.skipIf(missing !== undefined)(`the keychain of a Linux desktop, GNOME's keyring${where}`, () => {
  let service: SecretService;
  beforeEach(async () => {
    service = await createSecretService();
  });
  afterEach(() => service.close());

  it(
    verifies(
      'cl:storage',
      'keeps a value for the next process, also one longer than an entry, and deletes it',
    ),
    async () => {
      const value = `${'é✓'.repeat(2000)}end`;
      await service.run('unlocked', 'set', 'k', value);
      await service.run('unlocked', 'set', 'other', 'x');
      expect(await service.run('unlocked', 'get', 'k')).toEqual({ value });
      await service.run('unlocked', 'delete', 'k');
      expect(await service.run('unlocked', 'get', 'k')).toEqual({});
      expect(await service.run('unlocked', 'get', 'other')).toEqual({ value: 'x' });
    },
  );

  it(
    verifies('cl:storage', 'takes a session up again, and no file of the user shows its tokens'),
    async () => {
      const { token, ...outcome } = await service.run('unlocked', 'login');
      expect(outcome).toEqual({ status: 200, logins: 1 });
      expect(token).toMatch(/^\S{8,}$/);
      const files = await filesBelow(service.home);
      expect(files.map(({ name }) => name)).toContain('data/keyrings/login.keyring');
      for (const { content } of files) expect(content).not.toContain(token);
    },
  );

  it(
    verifies('cl:storage', 'gives its error where it is locked, and the value goes nowhere else'),
    async () => {
      await service.run('unlocked', 'set', 'k', 'kept');
      expect(await service.run('locked', 'get', 'k')).toEqual({ error: expect.any(String) });
      expect(await service.run('locked', 'set', 'k', 'secret-value')).toEqual({ error: expect.any(String) });
      for (const { content } of await filesBelow(service.home)) expect(content).not.toContain('secret-value');
    },
  );
});

async function filesBelow(folder: string): Promise<readonly { name: string; content: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return { name: path.slice(folder.length + 1), content: await readFile(path, 'latin1') };
      }),
  );
}
