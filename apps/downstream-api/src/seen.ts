import { actorChain, type Grant } from '@mcp-obo/grant';

/** Who this API saw behind a request, as its own token says. Part of every answer, so that it can be checked. */
export interface Seen {
  readonly issuer: string;
  readonly tenant: string;
  /** Name of the person; null for a machine. */
  readonly user: string | null;
  /** The client the token was issued to. */
  readonly client: string;
  /** Who acts: the outermost actor (RFC 8693 §4.1), or the client where the issuer writes none. */
  readonly actor: string;
  /** The whole chain, the outermost first. Only the first says who acts. */
  readonly act: readonly string[];
  /** `aud` and scopes of the token this API got: not those of the token the caller's tool got. */
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
}

export function seenIn(grant: Grant, username: string | undefined): Seen {
  const act = actorChain(grant.act).map(({ sub }) => sub);
  const { issuer, tenant, client, audience, scopes } = grant;
  return { issuer, tenant, user: username ?? null, client, actor: act[0] ?? client, act, audience, scopes };
}
