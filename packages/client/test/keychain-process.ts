import { createKeychainStore } from '../src/keychain.ts';
import { setStage } from './stage.ts';

/** A process of its own that uses the keychain of its session: `set KEY VALUE`, `get KEY`, `delete KEY`, `login`. */
const [command, key = '', value = ''] = process.argv.slice(2);
const store = createKeychainStore({ service: 'mcp-obo test' });

const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  set: () => store.set(key, value),
  get: async () => ({ value: await store.get(key) }),
  delete: () => store.delete(key),
  login: async () => {
    const stage = await setStage();
    try {
      await stage.session({ store }).login();
      const later = stage.session({ store: createKeychainStore({ service: 'mcp-obo test' }) });
      const { status } = await later.fetch(stage.resource.url);
      const [, , token] = stage.resource.requests.at(-1)?.split(' ') ?? [];
      return { status, logins: stage.opened.length, token };
    } finally {
      await stage.close();
    }
  },
};

try {
  const result = await commands[command ?? '']?.();
  process.stdout.write(`${JSON.stringify(result ?? {})}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: (error as Error).message })}\n`);
}
