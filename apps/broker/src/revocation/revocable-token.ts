import type { EvictedToken, Upstream } from '@mcp-obo/exchange';
import type { UserKey } from '@mcp-obo/grant';
import type { Revocation } from '@mcp-obo/revocation';
import type { ClientConfig } from '../config.ts';
import type { ResourceRegistry } from '../registry/resource-registry.ts';
import { isForClient, issuedThrough, type KnownToken, type RecogniseToken } from './known-token.ts';
import type { OpaqueToken, OpaqueTokens } from './opaque-tokens.ts';

/** A token that somebody asks to revoke. */
export interface RevocableToken {
  readonly revocation: Revocation;
  readonly user?: UserKey;
  /** Whether it is the client's to revoke; an operator may in any case. */
  readonly belongsTo: (client: ClientConfig) => boolean;
  /** Where it was obtained from, when that can revoke it. */
  readonly obtained?: EvictedToken;
}

export interface RevocableTokensOptions {
  readonly recognise: RecogniseToken;
  readonly opaque: Pick<OpaqueTokens, 'find'>;
  readonly clients: readonly ClientConfig[];
  readonly upstreams: readonly Upstream[];
  readonly registry: ResourceRegistry;
}

/** What a token is to a revocation; undefined for one that is unknown here. Rejects when that cannot be judged. */
export function findRevocable(
  options: RevocableTokensOptions,
): (accessToken: string) => Promise<RevocableToken | undefined> {
  const { recognise, opaque, clients, upstreams, registry } = options;

  return async (accessToken) => {
    const known = await recognise(accessToken);
    if (known !== undefined) return ofKnown(accessToken, known);
    const noted = await opaque.find(accessToken);
    return noted && ofOpaque(accessToken, noted);
  };

  function ofKnown(accessToken: string, known: KnownToken): RevocableToken {
    const { issuer, tokenId: id, client: registration, user, expiresAt } = known.grant;
    const holder = clients.find((client) => issuedThrough(known, client, upstreams) !== undefined);
    const from = holder && issuedThrough(known, holder, upstreams);
    return {
      revocation: { kind: 'token', issuer, id },
      ...(user === undefined ? {} : { user }),
      // The MCP server that it is for, or the client it was obtained for.
      belongsTo: (client) =>
        isForClient(known, client, registry) || issuedThrough(known, client, upstreams) !== undefined,
      ...(holder !== undefined && at(from, { accessToken, client: holder.id, registration, expiresAt })),
    };
  }

  function ofOpaque(accessToken: string, { client, issuer, id, expiresAt }: OpaqueToken): RevocableToken {
    const from = upstreams.find((one) => one.issuer === issuer && one.registration(client) !== undefined);
    const registration = from?.registration(client)?.clientId;
    return {
      revocation: { kind: 'token', issuer, id },
      belongsTo: (one) => one.id === client,
      ...(registration !== undefined && at(from, { accessToken, client, registration, expiresAt })),
    };
  }
}

function at(
  from: Upstream | undefined,
  token: Omit<EvictedToken, 'issuer' | 'subjectIssuedAt'>,
): Pick<RevocableToken, 'obtained'> {
  if (from?.revoke === undefined) return {};
  return { obtained: { ...token, issuer: from.issuer, subjectIssuedAt: 0 } };
}
