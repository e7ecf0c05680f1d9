import type { Mutant } from '../mutant.ts';

const broker = 'apps/broker/src';

/** Rules about which resource reaches what, and for whom (tb). */
export const resourceRegistry: readonly Mutant[] = [
  {
    name: 'resource-for-any-tenant',
    breaks: ['tb:resource-registry'],
    file: `${broker}/token/subject-check.ts`,
    find: "if (!subject.resource.tenants.includes(grant.tenant)) throw refused('resource_tenant');",
    replace: '',
  },
  {
    name: 'resources-of-one-owner-are-one',
    breaks: ['tb:resource-registry'],
    file: `${broker}/registry/resource-registry.ts`,
    find: 'audience.every((one) => names.has(one) || companions.includes(one)),',
    replace: 'audience.every((one) => owners.has(one) || companions.includes(one)),',
  },
];
