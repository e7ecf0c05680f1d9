import { type Check, type Finding, repeated, unknown } from '../config/findings.ts';
import { identifiersOf } from './resource-section.ts';

/** What must hold of the register of resources. */
export const resourceChecks: readonly Check[] = [
  ({ resources = [] }) => repeated('resources', resources.map(identifiersOf)),
  namesNothing,
  reachesItself,
  rulesOutOfReach,
];

/** Owner, tenants and targets must be there. */
function namesNothing({
  resources = [],
  clients,
  issuers,
  targets,
}: Parameters<Check>[0]): readonly Finding[] {
  return resources.flatMap((resource, index) => {
    const at = (member: string) => ['resources', index, member];
    return [
      ...unknown(
        at('owner'),
        [resource.owner],
        clients?.map(({ id }) => id),
        'one of the clients',
      ),
      ...unknown(
        at('tenants'),
        resource.tenants,
        issuers?.map(({ tenant }) => tenant),
        'the tenant of an issuer',
      ),
      ...unknown(
        at('targets'),
        resource.targets,
        targets?.map(({ name }) => name),
        'one of the targets',
      ),
    ];
  });
}

/** A token that its owner made for its own resource would be the inbound token's twin. */
function reachesItself({ resources = [], targets = [] }: Parameters<Check>[0]): readonly Finding[] {
  return resources.flatMap((resource, index) => {
    const own = identifiersOf(resource);
    return targets
      .filter(
        ({ name, audience }) =>
          resource.targets.includes(name) && namesOf(audience).some((one) => own.includes(one)),
      )
      .map(({ name }) => ({
        path: ['resources', index, 'targets'],
        message: `${name} is the resource itself; a target must be another one`,
      }));
  });
}

/** A rule for users that can never apply: none of the client's resources reaches the target, and nobody mints for it. */
function rulesOutOfReach({ policy, resources, targets = [] }: Parameters<Check>[0]): readonly Finding[] {
  if (resources === undefined) return [];
  return (policy?.rules ?? []).flatMap((rule, index) => {
    const target = targets.find(({ name }) => name === rule.target);
    if (rule.machine === true || target === undefined || target.upstream === 'mint') return [];
    return rule.clients
      .filter(
        (client) =>
          !resources.some(({ owner, targets }) => owner === client && targets.includes(rule.target)),
      )
      .map((client) => ({
        path: ['policy', 'rules', index, 'target'],
        message: `${rule.target} is in the targets of no resource that ${client} owns`,
      }));
  });
}

function namesOf(audience: string | Readonly<Record<string, string>>): readonly string[] {
  return typeof audience === 'string' ? [audience] : Object.values(audience);
}
