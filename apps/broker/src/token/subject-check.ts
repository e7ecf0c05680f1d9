import type { Credential, Grant } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { IssuerConfig, TargetConfig } from '../config.ts';
import type { ResourceRegistry } from '../registry/resource-registry.ts';
import { identifiersOf, type ResourceConfig } from '../registry/resource-section.ts';
import type { Caller } from './caller.ts';
import { invalidTarget } from './target-registry.ts';

export interface SubjectCheckOptions {
  /** Validates access tokens of all configured issuers; refuses with `invalid_token`. */
  readonly validate: (credential: Credential) => Promise<Grant>;
  readonly issuers: readonly IssuerConfig[];
  readonly registry: ResourceRegistry;
  /** This broker's own issuers: `iss` of the tokens it mints. */
  readonly minted: readonly string[];
  /** Name of this broker, for which a token of an actor may be. */
  readonly broker: string;
  /** URL of the token endpoint. */
  readonly url: string;
}

/** A subject token that the caller may exchange, and the resource it is for. */
export interface Subject {
  readonly grant: Grant;
  readonly resource: ResourceConfig;
  /** `owner`: of the resource. `client`: the one the token was issued to, which may make it narrower and no more. */
  readonly caller: 'owner' | 'client';
}

/** Rejects with `invalid_token`. */
export interface SubjectCheck {
  /** Validates a token that a client presents as its user's. */
  readonly subject: (token: string, caller: Caller) => Promise<Subject>;
  /** Validates a token that a client presents as an actor's. */
  readonly actor: (token: string, caller: Caller) => Promise<Grant>;
}

/**
 * Checks a subject token in full and holds it against the register: it must be for a resource of the caller, so
 * that a token which leaked from one server cannot be exchanged by another (RFC 8693 §2.1, MCP security best
 * practices on token passthrough), in one of its tenants. A client that was issued the token itself may bring it too.
 */
export function createSubjectCheck(options: SubjectCheckOptions): SubjectCheck {
  const { validate, registry, minted, broker, url } = options;
  const companions = new Map(options.issuers.map(({ issuer, companions }) => [issuer, companions]));
  const companionsOf = ({ issuer }: Grant) => companions.get(issuer) ?? [];

  async function validated(token: string, { tenant }: Caller): Promise<Grant> {
    const grant = await validate({ scheme: 'Bearer', token, method: 'POST', url });
    if (tenant !== undefined && tenant !== grant.tenant) throw refused('subject_tenant');
    return grant;
  }

  /** By the registration that the token names: one at the identity provider, or the client itself at this broker. */
  function wasIssuedTo({ client }: Caller, grant: Grant): boolean {
    if (minted.includes(grant.issuer)) return grant.client === client.id;
    return client.upstream.some((entry) => entry.issuer === grant.issuer && entry.client_id === grant.client);
  }

  function subjectOf(grant: Grant, caller: Caller): Subject | undefined {
    const own = registry.ownedBy(caller.client.id, grant.audience, companionsOf(grant));
    if (own !== undefined) return { grant, resource: own, caller: 'owner' };
    if (!wasIssuedTo(caller, grant)) return undefined;
    const resource = registry.named(grant.audience, companionsOf(grant));
    return resource === undefined ? undefined : { grant, resource, caller: 'client' };
  }

  return {
    async subject(token, caller) {
      const grant = await validated(token, caller);
      const subject = subjectOf(grant, caller);
      if (subject === undefined) throw refused('subject_audience');
      if (!subject.resource.tenants.includes(grant.tenant)) throw refused('resource_tenant');
      return subject;
    },
    async actor(token, caller) {
      const grant = await validated(token, caller);
      const forBroker = grant.audience.every((audience) => audience === broker);
      const own = registry.ownedBy(caller.client.id, grant.audience, companionsOf(grant));
      if (!forBroker && own === undefined) throw refused('actor_audience');
      return grant;
    },
  };
}

/**
 * Holds the target against the register: the owner of a resource reaches the targets listed there; the client of a
 * token reaches the token's own resource and nothing else, by mint, which makes it narrower.
 *
 * @throws OAuthError `invalid_target` (RFC 8693 §2.2.2)
 */
export function assertReachable({ resource, caller }: Subject, target: TargetConfig): void {
  const reachable =
    caller === 'owner'
      ? resource.targets.includes(target.name)
      : target.upstream === 'mint' && identifiersOf(resource).some((name) => name === target.audience);
  if (!reachable) throw invalidTarget('resource_target');
}

function refused(reason: string): OAuthError {
  return new OAuthError('invalid_token', 'The token is not for this client.', { reason });
}
