import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { askOf } from '../test/ask.ts';
import { grantOf, requirements, rolePolicy, ruled } from '../test/fixture.ts';
import { createCatalogue, defineRequirement } from './catalogue.ts';
import { createDecider } from './decider.ts';
import { createRolePolicy } from './role-policy.ts';

const tool = { kind: 'tool', base: 'mcp:tools:execute', scopes: [], tier: 'read-only' } as const;
const either = defineRequirement({
  ...tool,
  name: 'settle',
  permissions: ['expenses:approve', 'expenses:administer'],
});
const ask = askOf({ catalogue: createCatalogue([...requirements, either]) });

describe('permissions of which one is enough', () => {
  it(verifies('sc:roles', 'are held by whoever holds one of them'), () => {
    expect(ask(grantOf({ roles: ['manager'] }), 'settle')).toEqual({ outcome: 'allow' });
    expect(ask(grantOf({ roles: ['finance'] }), 'settle')).toEqual({ outcome: 'allow' });
    expect(ask(grantOf(), 'settle')).toMatchObject({ outcome: 'refuse', reason: 'permission' });
  });

  it(verifies('sc:roles', 'may be hidden in groups that a token left out when one of them may'), () => {
    const asked = askOf({
      catalogue: createCatalogue([either]),
      rolePolicy: createRolePolicy({
        roles: { lead: ['expenses:approve'], finance: ['expenses:administer'] },
        groups: { '/leads': { roles: ['lead'] } },
      }),
    });
    const grant = grantOf({ groupsOverage: true });
    expect(asked(grant, 'settle')).toMatchObject({ outcome: 'refuse', reason: 'groups_overage' });
  });

  it(verifies('sc:roles', 'fail the start only when no role grants any of them'), () => {
    const start = (...permissions: string[]) =>
      createDecider({ catalogue: createCatalogue([{ ...either, permissions }]), rolePolicy });
    expect(() => start('expenses:approve', 'nobody:grants')).not.toThrow();
    expect(() => start('nobody:grants')).toThrow('tool "settle" (nobody:grants)');
  });
});

describe('what is suggested instead of a refused tool', () => {
  const many = Array.from({ length: 25 }, (_, index) =>
    defineRequirement({ ...tool, name: `tool-${index}` }),
  );
  const prompt = defineRequirement({
    kind: 'prompt',
    name: 'a prompt',
    base: 'mcp:prompts',
    scopes: [],
    tier: 'read-only',
  });

  it(verifies('sc:degrade', 'is no resource and no prompt'), () => {
    const asked = askOf({ catalogue: createCatalogue([...many.slice(0, 2), prompt]) });
    const grant = grantOf({ scopes: ['mcp:tools:execute', 'mcp:prompts'] });
    expect(asked(grant, 'unknown')).toMatchObject({ instead: ['tool-0', 'tool-1'] });
  });

  it(verifies('sc:degrade', 'is twenty tools at most'), () => {
    const refusal = askOf({ catalogue: createCatalogue(many) })(grantOf(), 'unknown');
    expect(refusal).toMatchObject({ instead: many.slice(0, 20).map(({ name }) => name) });
  });
});

describe('a demand on arguments', () => {
  it(verifies('sc:arguments', 'refuses for a misspelled member, also beside a right one'), () => {
    const asked = askOf({ catalogue: ruled(() => ({ scopes: [], teir: { maxLoginAge: 1 } }) as object) });
    expect(asked(grantOf({ scopes: ['mcp:tools:execute', 'expenses:write'] }), 'pay')).toMatchObject({
      outcome: 'refuse',
      message: 'These arguments cannot be judged. Check them against the schema.',
    });
  });
});
