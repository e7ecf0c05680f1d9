import type { Actor } from '@mcp-obo/grant';
import { z } from 'zod';
import type { IssuedToken } from './contract.ts';
import { type Refusal, refusalSchema } from './errors/refusal.ts';

/** A checked token as it is kept. `source` is not kept: where it comes from is known when it is read. */
export type StoredToken = Omit<IssuedToken, 'source'>;

/** What is kept of an answer. `until`: seconds since the epoch after which it is not served. */
export type Kept =
  | {
      readonly kind: 'token';
      readonly until: number;
      /** From then on, in seconds since the epoch, it is exchanged anew while it is still served; absent: never. */
      readonly refreshAt?: number;
      readonly token: StoredToken;
    }
  | { readonly kind: 'refusal'; readonly until: number; readonly refusal: Refusal };

const actor: z.ZodType<Actor> = z.lazy(() =>
  z.strictObject({ sub: z.string(), iss: z.string().optional(), act: actor.optional() }),
);

const keptSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    key: z.string(),
    kind: z.literal('token'),
    until: z.number(),
    refreshAt: z.number().optional(),
    token: z.strictObject({
      accessToken: z.string(),
      tokenType: z.literal('Bearer'),
      expiresAt: z.number(),
      scopes: z.array(z.string()),
      issuedTokenType: z.string(),
      grantedAct: actor.optional(),
    }),
  }),
  z.strictObject({
    key: z.string(),
    kind: z.literal('refusal'),
    until: z.number(),
    refusal: refusalSchema,
  }),
]);

/** The bytes of an entry. The key goes inside, so that a value that is handed out for another key is noticed. */
export function encodeEntry(key: string, kept: Kept): Uint8Array {
  return Buffer.from(JSON.stringify({ key, ...kept }));
}

/** What was kept, or undefined for what is no entry, belongs to another key or is past its time. */
export function decodeEntry(bytes: Uint8Array, key: string, now: number): Kept | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
  const { success, data } = keptSchema.safeParse(value);
  if (!success || data.key !== key || now >= data.until) return undefined;
  const { key: _key, ...kept } = data;
  return kept;
}
