import type { TokenEndpointResponse } from 'oauth4webapi';
import { z } from 'zod';
import type { CredentialStore } from './store.ts';

const recordSchema = z.object({
  /** Who issued the tokens; they are shown to nobody else but the resource. */
  issuer: z.string(),
  /** What the access token is for (RFC 8707). */
  resource: z.string(),
  clientId: z.string(),
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** Granted scopes. */
  scopes: z.array(z.string()),
  /** Seconds since the epoch. */
  obtainedAt: z.number(),
  /** Seconds since the epoch; absent when the server did not say. */
  expiresAt: z.number().optional(),
});

/** The tokens of one login and what they are bound to. */
export type TokenRecord = Readonly<z.infer<typeof recordSchema>>;

/** Members of a record that the token response does not carry. */
export interface TokenBinding {
  readonly issuer: string;
  readonly resource: string;
  readonly clientId: string;
  /** Scopes that were asked for: they are the granted ones unless the answer says otherwise (RFC 6749 §5.1). */
  readonly requested: readonly string[];
  /** Kept when the answer brings no new one (RFC 6749 §6). */
  readonly refreshToken?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Makes a record of a token response. */
export function tokenRecord(answer: TokenEndpointResponse, binding: TokenBinding): TokenRecord {
  const obtainedAt = Math.floor(binding.now / 1000);
  const refreshToken = answer.refresh_token ?? binding.refreshToken;
  return {
    issuer: binding.issuer,
    resource: binding.resource,
    clientId: binding.clientId,
    accessToken: answer.access_token,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    scopes: answer.scope === undefined ? [...binding.requested] : splitScope(answer.scope),
    obtainedAt,
    ...(answer.expires_in === undefined ? {} : { expiresAt: obtainedAt + answer.expires_in }),
  };
}

/** True once the token is so near its end that a new one should be fetched: 60 s, or a fifth of a short life. */
export function isDue({ obtainedAt, expiresAt }: TokenRecord, now: number): boolean {
  if (expiresAt === undefined) return false;
  return now / 1000 >= expiresAt - Math.min(60, (expiresAt - obtainedAt) / 5);
}

/** True once the token has ended. */
export function isExpired({ expiresAt }: TokenRecord, now: number): boolean {
  return expiresAt !== undefined && now / 1000 >= expiresAt;
}

/** Splits a `scope` value (RFC 6749 §3.3). */
export function splitScope(scope: string | undefined): string[] {
  return scope?.split(' ').filter((part) => part !== '') ?? [];
}

/** Keeps the record of one MCP server, in memory and in the store. */
export interface TokenVault {
  load(): Promise<TokenRecord | undefined>;
  /** Reads the store again: another process may have rotated the refresh token. */
  reload(): Promise<TokenRecord | undefined>;
  save(record: TokenRecord): Promise<TokenRecord>;
  clear(): Promise<void>;
}

/** A vault for the server at `serverUrl`. What the store holds is parsed: an unreadable record counts as none. */
export function createTokenVault(store: CredentialStore, serverUrl: string): TokenVault {
  const key = `tokens ${serverUrl}`;
  let loaded: { readonly record: TokenRecord | undefined } | undefined;

  async function reload(): Promise<TokenRecord | undefined> {
    loaded = { record: parseRecord(await store.get(key)) };
    return loaded.record;
  }
  return {
    load: async () => (loaded === undefined ? reload() : loaded.record),
    reload,
    async save(record) {
      await store.set(key, JSON.stringify(record));
      loaded = { record };
      return record;
    },
    async clear() {
      loaded = { record: undefined };
      await store.delete(key);
    },
  };
}

function parseRecord(text: string | undefined): TokenRecord | undefined {
  if (text === undefined) return undefined;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
