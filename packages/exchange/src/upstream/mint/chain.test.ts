import { actorChain, type Grant } from '@mcp-obo/grant';
import { isOAuthError } from '@mcp-obo/oauth-error';
import { createLattice } from '@mcp-obo/scopes';
import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMintBench, mcpScopes } from '../../../test/minting.ts';
import { acme, noon } from '../../../test/setup.ts';

const lattice = createLattice();
const scope = fc.constantFrom(...mcpScopes, 'ledger.read', 'ledger.write', 'archive.read', 'mcp:tools:admin');
const clients = ['mcp-server', 'orchestrator', 'ledger'] as const;
const targets = ['mcp-server', 'ledger', 'archive'] as const;
/** What the policy has a rule for, so that chains grow; and anything else beside it. */
const asked = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      client: fc.constant('orchestrator' as const),
      target: fc.constant('mcp-server' as const),
      scopes: fc.subarray(mcpScopes, { maxLength: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      { client: 'mcp-server' as const, target: 'ledger' as const, scopes: [] },
      { client: 'ledger' as const, target: 'archive' as const, scopes: ['archive.read'] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      client: fc.constantFrom(...clients),
      target: fc.constantFrom(...targets),
      scopes: fc.uniqueArray(scope, { maxLength: 2 }),
    }),
  },
);
const step = fc.record({
  asked,
  /** Seconds before it. */
  after: fc.nat(40),
  /** Whose actor token is shown. */
  actor: fc.option(fc.constantFrom('agent-1', 'agent-2', 'user-alice'), { freq: 1 }),
});
const login = fc.record({
  scopes: fc.uniqueArray(fc.constantFrom(...mcpScopes), { minLength: 1 }),
  lifetime: fc.integer({ min: 30, max: 900 }),
  tools: fc.option(fc.uniqueArray(fc.constantFrom('whoami', 'list_expenses'))),
});

/** What a rule of the test's policy gives to whom, over all subjects. */
const ceilings: Readonly<Record<string, readonly string[]>> = {
  ledger: ['ledger.read', 'ledger.write'],
  archive: ['archive.read'],
  'mcp-server': mcpScopes,
};

/** The token and what it says. */
interface Link {
  readonly grant: Grant;
  readonly subjectToken: string;
}

function expectNarrower(before: Grant, after: Grant, target: string): void {
  expect(after.user).toEqual({ issuer: acme, key: 'user-alice' });
  expect(after.tenant).toBe(before.tenant);
  expect(after.expiresAt).toBeLessThanOrEqual(before.expiresAt);
  expect(after.origin?.tokenId).toBe(before.origin?.tokenId ?? before.tokenId);
  expect(after.origin?.issuedAt).toBe(before.origin?.issuedAt ?? before.issuedAt);
  expect(after.allowedTools).toEqual(before.allowedTools);
  expect(after.scopes.filter((one) => !ceilings[target]?.includes(one))).toEqual([]);
  const same = after.audience.every((one) => before.audience.includes(one));
  if (same) expect(lattice.covers(before.scopes, after.scopes)).toBe(true);
  const [outermost, ...earlier] = actorChain(after.act).map(({ sub }) => sub);
  expect(outermost).toBeDefined();
  expect(earlier).toEqual(actorChain(before.act).map(({ sub }) => sub));
  expect(earlier.length + 1).toBeLessThanOrEqual(5);
}

describe('a chain of exchanges', () => {
  it(
    verifies(
      ['tb:sub-agent', 'tb:mint', 'tb:may-act'],
      'never widens scopes, lengthens life, changes the user or loses who acted, whatever is asked in whatever order',
    ),
    async () => {
      const succeeded = { links: 0, longest: 0 };
      await fc.assert(
        fc.asyncProperty(login, fc.array(step, { minLength: 1, maxLength: 8 }), async (user, steps) => {
          const bench = createMintBench();
          let link: Link = await bench.subject({
            scope: user.scopes.join(' '),
            exp: noon + user.lifetime,
            ...(user.tools === null ? {} : { mcp_allowed_tools: user.tools }),
          });
          let length = 0;
          for (const { after, actor, asked: request } of steps) {
            bench.time.now += after;
            const acting = actor === null ? undefined : await bench.subject({ sub: actor, client_id: actor });
            const shown =
              acting === undefined ? {} : { actor: { grant: acting.grant, token: acting.subjectToken } };
            const next = await bench
              .exchange(link, { ...request, ...shown })
              .catch((error: unknown) => error as Error);
            if (next instanceof Error) {
              // Every refusal is one that was meant.
              expect(isOAuthError(next) && next.code !== 'server_error' && next.code !== 'bad_gateway').toBe(
                true,
              );
              continue;
            }
            expectNarrower(link.grant, next.grant, request.target);
            link = next;
            length += 1;
          }
          succeeded.links += length;
          succeeded.longest = Math.max(succeeded.longest, length);
        }),
        { numRuns: 150 },
      );
      // A property that nothing reaches would say nothing.
      expect(succeeded.links).toBeGreaterThan(50);
      expect(succeeded.longest).toBeGreaterThan(2);
    },
  );
});
