import { AsyncEntry } from '@napi-rs/keyring';
import type { CredentialStore } from './store.ts';

/** One secret of the operating system's keychain. */
export interface KeychainEntry {
  getPassword(): Promise<string | null | undefined>;
  setPassword(secret: string): Promise<void>;
  deletePassword(): Promise<unknown>;
}

export interface KeychainOptions {
  /** Name the user sees in the keychain, e.g. that of the application. */
  readonly service: string;
  /** Opens an entry; `@napi-rs/keyring` by default. */
  readonly entry?: (service: string, account: string) => KeychainEntry;
}

/**
 * Keeps credentials in the keychain: macOS Keychain, Windows Credential Manager, Secret Service or keyutils
 * on Linux. Where the keychain is locked or absent its error comes through; nothing falls back to a file.
 *
 * Credential Manager takes 2,560 bytes an entry, less than many tokens, so a value is kept in pieces. The
 * entry under the key itself is written last and names the pieces: a reader sees the old value or the new.
 */
export function createKeychainStore({ service, entry = openEntry }: KeychainOptions): CredentialStore {
  const at = (account: string) => entry(service, account);

  async function head(key: string): Promise<Head | undefined> {
    const [, generation, count] = /^(\d+):(\d+)$/.exec((await at(key).getPassword()) ?? '') ?? [];
    return generation === undefined ? undefined : { generation: Number(generation), count: Number(count) };
  }

  async function drop(key: string, { generation, count }: Head): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      await at(pieceOf(key, generation, index)).deletePassword();
    }
  }

  return {
    async get(key) {
      const found = await head(key);
      if (found === undefined) return undefined;
      const pieces: string[] = [];
      for (let index = 0; index < found.count; index += 1) {
        const piece = await at(pieceOf(key, found.generation, index)).getPassword();
        if (typeof piece !== 'string') return undefined;
        pieces.push(piece);
      }
      return pieces.join('');
    },
    async set(key, value) {
      const before = await head(key);
      const generation = (before?.generation ?? 0) + 1;
      const pieces = value.match(/[\s\S]{1,1000}/g) ?? [];
      for (const [index, piece] of pieces.entries()) {
        await at(pieceOf(key, generation, index)).setPassword(piece);
      }
      await at(key).setPassword(`${generation}:${pieces.length}`);
      if (before !== undefined) await drop(key, before);
    },
    async delete(key) {
      const found = await head(key);
      if (found === undefined) return;
      await at(key).deletePassword();
      await drop(key, found);
    },
  };
}

interface Head {
  readonly generation: number;
  readonly count: number;
}

function pieceOf(key: string, generation: number, index: number): string {
  return `${key} ${generation}.${index}`;
}

function openEntry(service: string, account: string): KeychainEntry {
  return new AsyncEntry(service, account);
}
