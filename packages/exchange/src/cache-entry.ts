import type { Actor } from '@mcp-obo/grant';
import { z } from 'zod';
import type { IssuedToken } from './contract.ts';

/** A checked token as it is kept. `source` is not kept: where it comes from is known when it is read. */
export type StoredToken = Omit<IssuedToken, 'source'>;

const actor: z.ZodType<Actor> = z.lazy(() =>
  z.strictObject({ sub: z.string(), iss: z.string().optional(), act: actor.optional() }),
);

const entrySchema = z.strictObject({
  key: z.string(),
  /** Seconds since the epoch after which the entry is not served. */
  until: z.number(),
  token: z.strictObject({
    accessToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresAt: z.number(),
    scopes: z.array(z.string()),
    issuedTokenType: z.string(),
    grantedAct: actor.optional(),
  }),
});

/** The bytes of an entry. The key goes inside, so that a value that is handed out for another key is noticed. */
export function encodeEntry(key: string, until: number, token: StoredToken): Uint8Array {
  return Buffer.from(JSON.stringify({ key, until, token }));
}

/** The token, or undefined for what is no entry, belongs to another key or is past its time. */
export function decodeEntry(bytes: Uint8Array, key: string, now: number): StoredToken | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
  const { success, data } = entrySchema.safeParse(value);
  return success && data.key === key && now < data.until ? data.token : undefined;
}
