import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { runConformance } from './fixture/conformance.ts';
import { type SuiteServer, startGuarded, startOpen } from './fixture/suite-server.ts';

/** How many checks of each scenario succeeded, and which did not. */
async function resultsOf(start: () => Promise<SuiteServer>, revision: string) {
  const server = await start();
  try {
    const args = ['server', '--url', server.url, '--requirements', revision];
    const { scenarios } = await runConformance(args);
    return Object.fromEntries(
      Object.entries(scenarios).map(([name, { succeeded, others }]) => [
        name,
        { succeeded, others: Object.keys(others) },
      ]),
    );
  } finally {
    await server.close();
  }
}

describe('a server with what the conformance suite asks for, behind the guard', () => {
  it.each([
    ['2025-11-25', 23],
    ['2026-07-28', 35],
  ])(
    verifies(
      ['rs:both-eras', 'rs:origin'],
      'gives the same results in MCP %s as without, and is protected from DNS rebinding besides',
    ),
    async (revision, passing) => {
      const open = await resultsOf(startOpen, revision);
      const passed = Object.values(open).filter(
        ({ succeeded, others }) => succeeded > 0 && others.length === 0,
      );
      expect(passed.length).toBeGreaterThanOrEqual(passing);
      expect(await resultsOf(startGuarded, revision)).toEqual({
        ...open,
        'dns-rebinding-protection': { succeeded: 2, others: [] },
      });
    },
  );
});
