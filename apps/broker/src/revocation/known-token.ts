import type { Upstream } from '@mcp-obo/exchange';
import type { Credential, Grant } from '@mcp-obo/grant';
import { isOAuthError } from '@mcp-obo/oauth-error';
import type { ClientConfig } from '../config.ts';
import type { ResourceRegistry } from '../registry/resource-registry.ts';

/** A token that this broker can judge. Whether it is revoked is not among it. */
export interface KnownToken {
  readonly grant: Grant;
  /** `subject`: for an MCP server that is a client here. `obtained`: for a target. */
  readonly origin: 'subject' | 'obtained';
}

/** What a token is, or undefined for one that is unknown, expired, or no token. Rejects when that cannot be judged. */
export type RecogniseToken = (token: string) => Promise<KnownToken | undefined>;

type Validate = (credential: Credential) => Promise<Grant>;

export interface RecogniseOptions {
  /** Validates tokens for the clients of this broker. */
  readonly subjects: Validate;
  /** Validates tokens for the targets. */
  readonly obtained: Validate;
  /** URL of this broker. */
  readonly url: string;
}

/** Recognises tokens by full validation, those for clients first. */
export function createRecogniser({ subjects, obtained, url }: RecogniseOptions): RecogniseToken {
  const ways = [
    ['subject', subjects],
    ['obtained', obtained],
  ] as const;
  return async (token) => {
    for (const [origin, validate] of ways) {
      const grant = await unlessRefused(() => validate({ scheme: 'Bearer', token, method: 'POST', url }));
      if (grant !== undefined) return { grant, origin };
    }
    return undefined;
  };
}

/** A token at fault is unknown; what cannot be checked at the moment is not. */
async function unlessRefused(validate: () => Promise<Grant>): Promise<Grant | undefined> {
  try {
    return await validate();
  } catch (error) {
    if (isOAuthError(error) && error.code === 'invalid_token') return undefined;
    throw error;
  }
}

/** Whether the token is for a resource of the client. */
export function isForClient(
  { grant, origin }: KnownToken,
  { id }: ClientConfig,
  registry: ResourceRegistry,
): boolean {
  return origin === 'subject' && grant.audience.some((name) => registry.ownerOf(name) === id);
}

/** Where the token was issued to one of the client's own registrations, as those are that the broker obtained for it. */
export function issuedThrough(
  { grant }: KnownToken,
  client: ClientConfig,
  upstreams: readonly Upstream[],
): Upstream | undefined {
  return upstreams.find(
    ({ answerIssuers, registration }) =>
      answerIssuers.includes(grant.issuer) && registration(client.id)?.clientId === grant.client,
  );
}
