import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { readSources } from '../../src/secret-scan/recorded-run.ts';
import { createSecretScan, describeFindings, type Finding } from '../../src/secret-scan/scan.ts';
import { announcedRuns } from '../../src/secret-scan/shared/announced-runs.ts';
import { readSecrets } from '../../src/secret-scan/wire/notebook.ts';

const runs = Object.entries(announcedRuns(process.env));

/**
 * Keycloak 26.7 writes the query of every request into its own spans, also of the one by which a directory
 * hands it the code of a federated login. That code is redeemed by then and worth nothing without Keycloak's
 * secret; docs/idp/keycloak.md says how a collector drops it.
 */
const isKeycloaksOwn = ({ place, kind }: Finding) =>
  place === 'OTLP export /v1/traces of keycloak' && kind === 'authorization code';

// Whoever runs these alone has no run to look at: they follow the projects that share a platform.
describe.skipIf(runs.length === 0)('everything that was written in the run of the project', () => {
  it.each(runs)(verifies(['op:redaction', 'tb:no-store'], '%s holds no secret'), async (_, run) => {
    const secrets = readSecrets(run.folder);
    expect(secrets.length).toBeGreaterThan(20);
    const sources = await readSources(run);
    const places = new Set(sources.map(({ place }) => place));
    for (const part of ['mcp-server', 'broker', 'downstream-api']) {
      expect(places).toContain(`${part}.log`);
      expect(places).toContain(`${part}.audit.jsonl`);
      expect(places).toContain(`metrics of ${part}`);
    }
    const findings = sources.flatMap(createSecretScan(secrets));
    expect(describeFindings(findings.filter((finding) => !isKeycloaksOwn(finding)))).toEqual([]);
  });
});
