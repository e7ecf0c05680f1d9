import type { Actor } from '@mcp-obo/grant';
import { z } from 'zod';
import type { IssuedToken } from './contract.ts';
import { type Refusal, refusalSchema } from './errors/refusal.ts';
import type { Obtained } from './obtained.ts';

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
      /** Names the token, by `subjectKey`: it is evicted by that too. */
      readonly tokenKey: string;
      /** Absent where the issuer cannot revoke it. */
      readonly obtained?: Obtained;
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
    tokenKey: z.string(),
    refreshAt: z.number().optional(),
    token: z.strictObject({
      accessToken: z.string(),
      tokenType: z.literal('Bearer'),
      expiresAt: z.number(),
      scopes: z.array(z.string()),
      issuedTokenType: z.string(),
      grantedAct: actor.optional(),
    }),
    obtained: z
      .strictObject({
        issuer: z.string(),
        client: z.string(),
        registration: z.string(),
        subjectIssuedAt: z.number(),
      })
      .optional(),
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
  const entry = parseEntry(bytes);
  return entry?.key !== key || now >= entry.kept.until ? undefined : entry.kept;
}

/** An entry that is taken out of the store, whichever it was; undefined for what is none. */
export function decodeTaken(bytes: Uint8Array): Kept | undefined {
  return parseEntry(bytes)?.kept;
}

function parseEntry(bytes: Uint8Array): { readonly key: string; readonly kept: Kept } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
  const { success, data } = keptSchema.safeParse(value);
  if (!success) return undefined;
  const { key, ...kept } = data;
  return { key, kept };
}
