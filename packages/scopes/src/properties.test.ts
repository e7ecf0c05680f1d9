import type { Grant } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askOf } from '../test/ask.ts';
import { catalogue, grantOf, machineOf, now, requirements, rolePolicy } from '../test/fixture.ts';
import { createDecider } from './decider.ts';

const allScopes = [
  'mcp:tools',
  'mcp:tools:read',
  'mcp:tools:execute',
  'mcp:tools:admin',
  'mcp:resources',
  'mcp:prompts',
  'expenses:read',
  'expenses:write',
  'expenses:approve',
  'expenses:admin',
  'expenses:totals',
];
const toolNames = requirements.filter(({ kind }) => kind === 'tool').map(({ name }) => name);

const grants: fc.Arbitrary<Grant> = fc
  .record({
    machine: fc.boolean(),
    scopes: fc.subarray(allScopes),
    roles: fc.subarray(['employee', 'manager', 'finance']),
    groups: fc.subarray(['/acme/finance', '/acme/readers', '/other']),
    groupsOverage: fc.boolean(),
    allowedTools: fc.option(fc.subarray(toolNames), { nil: undefined }),
    issuedAt: fc.integer({ min: now - 4000, max: now }),
    authTime: fc.option(fc.integer({ min: now - 4000, max: now }), { nil: undefined }),
  })
  .map(({ machine, ...changes }) => (machine ? machineOf(changes) : grantOf(changes)));

const operations = fc.constantFrom(
  ...requirements.map(({ kind, name }) => ({ kind, name: name.replace('{id}', '42') })),
);
const amounts = fc.record({ amount: fc.constantFrom(10, 2000, 9000) });
const ask = askOf();

describe('for every caller', () => {
  it(verifies(['sc:base', 'sc:per-tool'], 'one scope more never takes a right away'), () => {
    fc.assert(
      fc.property(
        grants,
        operations,
        amounts,
        fc.constantFrom(...allScopes),
        (grant, operation, args, scope) => {
          const before = ask(grant, operation.name, args, {}, operation.kind);
          const wider = grantOf({ ...grant, scopes: [...grant.scopes, scope] });
          const after = ask(wider, operation.name, args, {}, operation.kind);
          if (before.outcome === 'allow') expect(after).toEqual({ outcome: 'allow' });
        },
      ),
      { numRuns: 2000 },
    );
  });

  it(verifies(['sc:per-tool', 'sc:allowed-tools', 'sc:roles'], 'a narrower grant never allows more'), () => {
    const narrowing = fc.record({
      scopes: fc.func(fc.boolean()),
      roles: fc.func(fc.boolean()),
      groups: fc.func(fc.boolean()),
      allowedTools: fc.subarray(toolNames),
    });
    fc.assert(
      fc.property(grants, narrowing, operations, amounts, (grant, narrow, operation, args) => {
        const narrower = grantOf({
          ...grant,
          scopes: grant.scopes.filter((scope) => narrow.scopes(scope)),
          roles: grant.roles.filter((role) => narrow.roles(role)),
          groups: grant.groups.filter((group) => narrow.groups(group)),
          allowedTools: (grant.allowedTools ?? toolNames).filter((name) =>
            narrow.allowedTools.includes(name),
          ),
        });
        const after = ask(narrower, operation.name, args, {}, operation.kind);
        if (after.outcome === 'allow') {
          expect(ask(grant, operation.name, args, {}, operation.kind)).toEqual({ outcome: 'allow' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it(
    verifies(['sc:list-filter', 'sc:degrade'], 'hidden is the same as unknown, and the same as not listed'),
    () => {
      const { listable } = createDecider({ catalogue, rolePolicy });
      fc.assert(
        fc.property(grants, operations, amounts, (grant, operation, args) => {
          const decision = ask(grant, operation.name, args, {}, operation.kind);
          const hidden = decision.outcome === 'refuse' && decision.hidden;
          const found = catalogue.requirementOf(operation);
          expect(listable(grant, operation.kind).includes(found)).toBe(!hidden);
          if (!hidden) return;
          const unknown = ask(grant, 'nothing', args, {}, operation.kind);
          expect(JSON.stringify({ ...decision, reason: '' })).toBe(
            JSON.stringify({ ...unknown, reason: '' }),
          );
        }),
        { numRuns: 1000 },
      );
    },
  );

  it(verifies('sc:degrade', 'whatever is suggested is open to the caller without a new login'), () => {
    fc.assert(
      fc.property(grants, operations, amounts, (grant, operation, args) => {
        const decision = ask(grant, operation.name, args, {}, operation.kind);
        if (decision.outcome !== 'refuse' && decision.outcome !== 'step-up') return;
        for (const name of decision.instead) {
          const next = ask(grantOf({ ...grant, issuedAt: now, authTime: now }), name, { amount: 10 });
          expect(['allow', 'ask']).toContain(next.outcome);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it(verifies('sc:challenge', 'a challenge that is answered in full is not repeated'), () => {
    fc.assert(
      fc.property(grants, operations, amounts, (grant, operation, args) => {
        const decision = ask(grant, operation.name, args, {}, operation.kind);
        if (decision.outcome !== 'step-up') return;
        const { scopes } = decision.challenge;
        const answered = grantOf({ ...grant, scopes: [...scopes], issuedAt: now, authTime: now });
        expect(ask(answered, operation.name, args, {}, operation.kind).outcome).not.toBe('step-up');
      }),
      { numRuns: 1000 },
    );
  });
});
