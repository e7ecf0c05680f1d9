/**
 * Where a session keeps its tokens and registration between calls. Values are secrets: a store is memory or
 * the keychain of the operating system (`@mcp-obo/client/keychain`), never a plain file.
 */
export interface CredentialStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Keeps credentials as long as the process lives. */
export function createMemoryStore(): CredentialStore {
  const values = new Map<string, string>();
  return {
    get: async (key) => values.get(key),
    set: async (key, value) => {
      values.set(key, value);
    },
    delete: async (key) => {
      values.delete(key);
    },
  };
}
