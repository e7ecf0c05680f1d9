import { fileURLToPath } from 'node:url';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { expectedOfClient } from './expected.ts';
import { runConformance } from './fixture/conformance.ts';

const command = `${process.execPath} ${fileURLToPath(new URL('./fixture/own-client.ts', import.meta.url))}`;

/** One scenario; the suite would run all at once, each with a process of its own. */
async function run(scenario: string) {
  const args = ['client', '--command', command, '--spec-version', '2026-07-28', '--scenario', scenario];
  const { scenarios } = await runConformance([...args, '--timeout', '50000']);
  return scenarios[scenario];
}

/** What the scenarios of that beginning prove by their own checks. */
const proves: Readonly<Record<string, Parameters<typeof verifies>[0]>> = {
  'auth/metadata': ['md:discovery', 'cl:resource', 'cl:pkce'],
  'auth/basic-cimd': 'cl:pkce',
  'auth/token-endpoint': 'cl:resource',
  'auth/resource-mismatch': 'cl:resource',
  'auth/iss': 'cl:pkce',
};

function titleOf(scenario: string): string {
  const ids = Object.entries(proves).find(([beginning]) => scenario.startsWith(beginning))?.[1];
  return ids === undefined ? `passes ${scenario}` : verifies(ids, `passes ${scenario}`);
}

describe('our client package, in the login scenarios of the conformance suite', () => {
  for (const [scenario, outcome] of Object.entries(expectedOfClient)) {
    if (outcome !== 'passes') continue;
    it(titleOf(scenario), async () => {
      const result = await run(scenario);
      expect(result).toEqual({ succeeded: expect.any(Number), others: {} });
      expect(result?.succeeded).toBeGreaterThan(0);
    });
  }

  it.each(
    Object.entries(expectedOfClient).flatMap(([scenario, outcome]) =>
      outcome === 'passes' ? [] : [[scenario, outcome.because, outcome.checks] as const],
    ),
  )('falls short in %s, because it %s', async (scenario, _because, checks) => {
    expect(Object.keys((await run(scenario))?.others ?? {})).toEqual(checks);
  });
});
