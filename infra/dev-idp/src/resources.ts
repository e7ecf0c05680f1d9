import { errors, type ResourceServer } from 'oidc-provider';
import type { Permission, ResourceConfig, TenantConfig } from './config.ts';

/** Words for a scope on the consent page. */
export interface ScopeWords {
  readonly name: string;
  readonly description: string;
}

/** The APIs of one tenant and who may get tokens for them. */
export interface Resources {
  find(identifier: string): ResourceConfig | undefined;
  /** A resource a user can allow a client to use. Throws `invalid_target` (RFC 8707 §2). */
  forLogin(identifier: string): ResourceServer;
  /** What `resource` means when a client sends none. */
  readonly defaultIdentifier: string | undefined;
  /** The description of a permission's target with the scopes it allows. Throws `invalid_target`, `invalid_scope`. */
  forPermission(
    permissions: readonly Permission[],
    client: string,
    identifier: string,
    scopes: readonly string[],
  ): { server: ResourceServer; identifier: string };
  words(identifier: string, scope: string): ScopeWords;
}

const openidWords: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  profile: 'See your name',
  email: 'See your e-mail address',
};

/** @param opaque identifiers of resources whose tokens are no JWTs */
export function createResources(tenant: TenantConfig, opaque: readonly string[]): Resources {
  const byIdentifier = new Map(tenant.resources.map((resource) => [resource.identifier, resource]));
  // A target of an exchange is reached through its exchange only, else a client could ask the user for it directly.
  const exchangeOnly = new Set(tenant.exchange.map(({ audience }) => audience));
  const describe = (resource: ResourceConfig, scopes: readonly string[]): ResourceServer => ({
    audience: resource.identifier,
    scope: scopes.join(' '),
    accessTokenTTL: resource.access_token_ttl ?? tenant.access_token_ttl,
    ...(opaque.includes(resource.identifier)
      ? { accessTokenFormat: 'opaque' as const }
      : { accessTokenFormat: 'jwt' as const, jwt: { sign: { alg: 'RS256' as const } } }),
  });
  return {
    find: (identifier) => byIdentifier.get(identifier),
    defaultIdentifier: tenant.resources.find((resource) => resource.default)?.identifier,
    forLogin(identifier) {
      const resource = byIdentifier.get(identifier);
      if (resource === undefined || exchangeOnly.has(identifier)) throw new errors.InvalidTarget();
      return describe(resource, scopeNames(resource));
    },
    forPermission(permissions, client, identifier, scopes) {
      const permission = permissions.find(
        (entry) => entry.client === client && entry.audience === identifier,
      );
      const resource = byIdentifier.get(identifier);
      if (permission === undefined || resource === undefined)
        throw new errors.InvalidTarget('the target is unknown or not allowed for this client');
      const allowed = new Set(permission.scopes ?? scopeNames(resource));
      if (scopes.length === 0) throw new errors.InvalidScope('scope is required: there is no default', '');
      const beyond = scopes.filter((scope) => !allowed.has(scope));
      if (beyond.length > 0)
        throw new errors.InvalidScope('scope is not allowed for this client and target', beyond.join(' '));
      return { server: describe(resource, scopes), identifier };
    },
    words(identifier, scope) {
      const found = byIdentifier
        .get(identifier)
        ?.scopes.find((entry) => (typeof entry === 'string' ? entry : entry.name) === scope);
      const description = typeof found === 'object' ? found.description : (openidWords[scope] ?? scope);
      return { name: scope, description };
    },
  };
}

/** The names of a resource's scopes. */
export function scopeNames(resource: ResourceConfig): string[] {
  return resource.scopes.map((entry) => (typeof entry === 'string' ? entry : entry.name));
}
