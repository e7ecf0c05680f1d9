import type { Grant } from '@mcp-obo/grant';

/** What one group stands for. */
export interface GroupRule {
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
}

/** How the roles and groups of a directory become permissions and scopes. */
export interface RoleRules {
  /** Role → permissions. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /** Group, by its full path or its id exactly as the token writes it → roles and scopes. */
  readonly groups?: Readonly<Record<string, GroupRule>>;
}

export interface RolePolicyOptions extends RoleRules {
  /** Rules of one tenant, which then stand alone: a group of one directory means nothing in another. */
  readonly tenants?: Readonly<Record<string, RoleRules>>;
}

/** What a caller may do by role and group. */
export interface Entitlements {
  readonly permissions: ReadonlySet<string>;
  /** Scopes that come from groups, to be added to those of the token. */
  readonly scopes: readonly string[];
}

export interface RolePolicy {
  entitlements(grant: Grant): Entitlements;
  /** Everything that some group of this tenant stands for: what a token without its groups may be hiding. */
  fromGroups(tenant: string): Entitlements;
  /** Every permission that a role of any tenant grants. */
  readonly permissions: ReadonlySet<string>;
}

/**
 * Makes the map from roles and groups to permissions and scopes.
 *
 * @throws RangeError when a group names a role that is not defined.
 */
export function createRolePolicy(options: RolePolicyOptions = {}): RolePolicy {
  const { tenants = {}, ...base } = options;
  const everywhere = compile(base, 'roles and groups');
  const byTenant = new Map(
    Object.entries(tenants).map(([tenant, rules]) => [tenant, compile(rules, `tenants.${tenant}`)]),
  );
  const rulesOf = (tenant: string): CompiledRules => byTenant.get(tenant) ?? everywhere;
  const all = [everywhere, ...byTenant.values()].flatMap((rules) => [...rules.roles.values()].flat());

  return Object.freeze({
    entitlements: (grant: Grant) => {
      const rules = rulesOf(grant.tenant);
      const groups = grant.groups.flatMap((path) => rules.groups.get(path) ?? []);
      return entitlementsOf(rules, grant.roles, groups);
    },
    fromGroups: (tenant: string) => {
      const rules = rulesOf(tenant);
      return entitlementsOf(rules, [], [...rules.groups.values()]);
    },
    permissions: new Set(all),
  });
}

interface CompiledRules {
  readonly roles: ReadonlyMap<string, readonly string[]>;
  readonly groups: ReadonlyMap<string, GroupRule>;
}

function compile(rules: RoleRules, where: string): CompiledRules {
  const compiled = {
    roles: new Map(Object.entries(rules.roles ?? {})),
    groups: new Map(Object.entries(rules.groups ?? {})),
  };
  for (const [path, group] of compiled.groups) {
    const unknown = (group.roles ?? []).find((role) => !compiled.roles.has(role));
    if (unknown === undefined) continue;
    throw new RangeError(
      `${where}: the group "${path}" stands for the role "${unknown}", which is not defined.`,
    );
  }
  return compiled;
}

function entitlementsOf(
  rules: CompiledRules,
  roles: readonly string[],
  groups: readonly GroupRule[],
): Entitlements {
  const allRoles = [...roles, ...groups.flatMap((group) => group.roles ?? [])];
  return {
    permissions: new Set(allRoles.flatMap((role) => rules.roles.get(role) ?? [])),
    scopes: groups.flatMap((group) => group.scopes ?? []),
  };
}
