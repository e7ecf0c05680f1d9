import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { logInByHand } from '../clients/fixture/raw-login.ts';
import { expectedOfServer } from './expected.ts';
import { type ConformanceRun, runConformance } from './fixture/conformance.ts';
import { startTokenProxy, type TokenProxy } from './fixture/token-proxy.ts';

const platform = inject('platform');

describe.each(Object.entries(expectedOfServer))(
  'the conformance suite, MCP %s, through authorization',
  (revision, expected) => {
    let proxy: TokenProxy;
    let run: ConformanceRun;
    beforeAll(async () => {
      const { accessToken } = await logInByHand(platform, { username: 'alice' });
      proxy = await startTokenProxy(platform.urls.mcp, accessToken);
      run = await runConformance(['server', '--url', proxy.url, '--requirements', revision]);
    });
    afterAll(() => proxy?.close());

    it(verifies('rs:both-eras', 'runs all scenarios of the revision and no others'), () => {
      expect(Object.keys(run.scenarios).toSorted()).toEqual(Object.keys(expected).toSorted());
    });

    it.each(Object.entries(expected).filter(([, outcome]) => outcome === 'passes'))(
      verifies('rs:both-eras', 'passes %s'),
      (scenario) => {
        expect(run.scenarios[scenario]).toEqual({ succeeded: expect.any(Number), others: {} });
        expect(run.scenarios[scenario]?.succeeded).toBeGreaterThan(0);
      },
    );

    it.each(
      Object.entries(expected).flatMap(([scenario, outcome]) =>
        outcome === 'passes' ? [] : [[scenario, outcome.because, outcome.checks] as const],
      ),
    )('falls short in %s, because it %s', (scenario, _because, checks) => {
      expect(Object.keys(run.scenarios[scenario]?.others ?? {})).toEqual(checks);
    });
  },
);

describe('the conformance suite without a token', () => {
  it(
    verifies('rs:no-token', 'gets nowhere: every scenario that asks the server something fails'),
    async () => {
      const { scenarios } = await runConformance([
        'server',
        '--url',
        platform.urls.mcp,
        '--scenario',
        'tools-list',
      ]);
      expect(Object.keys(scenarios['tools-list']?.others ?? {}).length).toBeGreaterThan(0);
    },
  );
});
