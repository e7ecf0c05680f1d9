import { hide, refuse } from './obstacle.ts';
import type { PreparedQuestion, Step } from './question.ts';

/** `mcp_allowed_tools` narrows to the named tools; an empty list means none. */
const allowedTools: Step = ({ grant, requirement: { kind, name } }) =>
  kind !== 'tool' || grant.allowedTools === undefined || grant.allowedTools.includes(name)
    ? undefined
    : hide(kind, 'not_in_allowed_tools');

/** A token without a user reaches only what allows machines, and a user only what allows users. */
const callerKind: Step = ({ grant, requirement: { kind, callers = 'user' } }) => {
  const caller = grant.user === undefined ? 'machine' : 'user';
  if (callers === 'both' || callers === caller) return undefined;
  return hide(kind, callers === 'user' ? 'needs_user' : 'needs_machine');
};

/** A token that leaves its groups out is not a token without groups: where one could decide, nothing is decided. */
const groupsOverage: Step = (question) => {
  const { grant, requirement, rolePolicy, granted, needed, lattice } = question;
  if (!grant.groupsOverage) return undefined;
  const hiding = rolePolicy.fromGroups(grant.tenant);
  const role =
    !hasPermission(question) && requirement.permissions?.some((name) => hiding.permissions.has(name));
  const scope = needed.some(
    (name) => !lattice.covers(granted, [name]) && lattice.covers(hiding.scopes, [name]),
  );
  return role || scope ? refuse(requirement.kind, 'groups_overage') : undefined;
};

/** The caller holds one of the permissions, through a role. */
const permissions: Step = (question) =>
  hasPermission(question) ? undefined : hide(question.requirement.kind, 'permission');

function hasPermission({ requirement, entitlements }: PreparedQuestion): boolean {
  const { permissions: needed = [] } = requirement;
  return needed.length === 0 || needed.some((permission) => entitlements.permissions.has(permission));
}

/** What no login changes. An operation that one of these hides is not listed. */
export const visibilitySteps: readonly Step[] = [allowedTools, callerKind, groupsOverage, permissions];
