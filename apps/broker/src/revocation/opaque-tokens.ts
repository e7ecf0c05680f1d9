import type { Cache, ObtainedToken } from '@mcp-obo/exchange';
import { tokenHash } from '@mcp-obo/grant';
import { z } from 'zod';

const schema = z.strictObject({ client: z.string(), issuer: z.string(), expiresAt: z.number() });

/** An opaque token that was obtained here, as it is known when it is shown again. */
export interface OpaqueToken extends Readonly<z.output<typeof schema>> {
  /** Stands for the id that it has not: resource servers that introspect it name it so too. */
  readonly id: string;
}

/** Remembers opaque tokens: nothing can be read from them, and only their issuer could say whose they are. */
export interface OpaqueTokens {
  /** Returns at once and never throws: what the store does not take is not known later. */
  readonly note: (token: ObtainedToken) => void;
  readonly find: (accessToken: string) => Promise<OpaqueToken | undefined>;
}

/** @param cache shared by all replicas */
export function createOpaqueTokens(cache: Pick<Cache, 'get' | 'set'>): OpaqueTokens {
  return {
    note({ accessToken, client, issuer, endsAt: expiresAt }) {
      const note = { client, issuer, expiresAt } satisfies z.input<typeof schema>;
      const end = { expiresAt: expiresAt * 1000, tags: [] };
      void cache.set(keyOf(accessToken), Buffer.from(JSON.stringify(note)), end);
    },
    async find(accessToken) {
      const bytes = await cache.get(keyOf(accessToken));
      if (bytes === undefined) return undefined;
      return {
        ...schema.parse(JSON.parse(Buffer.from(bytes).toString())),
        id: tokenHash(accessToken),
      };
    },
  };
}

function keyOf(accessToken: string): string {
  return `opaque token ${tokenHash(accessToken)}`;
}
