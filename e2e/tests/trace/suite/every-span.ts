import { verifies } from '@mcp-obo/testbed/verifies';
import { expect, it } from 'vitest';
import { createSecretScan, describeFindings } from '../../../src/secret-scan/scan.ts';
import { conventionProblems } from '../../../src/trace/conventions.ts';
import type { TracedCalls } from '../fixture/traced-calls.ts';

const ours = new Set(['mcp-client', 'mcp-server', 'broker', 'downstream-api']);
const scanFor = (values: readonly string[]) =>
  createSecretScan(values.map((value) => ({ kind: 'access token', value })));

/** What holds for each span of all calls before. */
export function describeEverySpan(calls: TracedCalls): void {
  it(verifies('op:traces', 'keeps the semantic conventions in every span'), () => {
    expect(calls.seen.length).toBeGreaterThan(40);
    expect(calls.seen.flatMap((trace) => conventionProblems(trace, ours))).toEqual([]);
  });

  it(
    verifies(['op:redaction', 'tb:no-store'], 'holds no token, nor a piece of one, in any span'),
    async () => {
      const scan = scanFor(calls.tokens);
      // The address of a login, which an identity provider may tell in its own spans, begins as the claims do.
      const scanIdp = scanFor(calls.tokens.map((token) => token.split('.')[2] ?? ''));
      const [token = ''] = calls.tokens;
      for (const find of [scan, scanIdp])
        expect(find({ place: 'planted', text: token.slice(-20) })).toHaveLength(1);
      const findings = (await calls.on.spans()).flatMap((span) =>
        (span.service === 'keycloak' ? scanIdp : scan)({
          place: `"${span.name}" of ${span.service}`,
          text: JSON.stringify(span),
        }),
      );
      expect(describeFindings(findings)).toEqual([]);
    },
  );
}
