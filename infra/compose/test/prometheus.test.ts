import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCompose, runCommand } from '@mcp-obo/images';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const file = fileURLToPath(new URL('../compose.yaml', import.meta.url));
const rules = fileURLToPath(new URL('../prometheus/rules.yml', import.meta.url));
const { groups } = parse(readFileSync(rules, 'utf8')) as { groups: { rules: unknown[] }[] };
const rulesInFile = groups.flatMap((group) => group.rules).length;
// `npm run test:quick` prepares no images, and says that this is left out.
const leftOut = process.env.MCP_OBO_WITHOUT === 'containers';
const imageThere =
  !leftOut && spawnSync('docker', ['image', 'inspect', 'prom/prometheus:v2.42.0']).status === 0;
const compose = imageThere ? await findCompose(runCommand) : undefined;

const withoutEngine = leftOut || (compose === undefined && process.env.CI !== 'true');

describe.skipIf(withoutEngine)('Prometheus of the compose file', () => {
  it(verifies('op:metrics', 'comes up hardened as it stands there, with every rule'), async () => {
    const port = await freePort();
    const run = mkdtempSync(join(tmpdir(), 'mcp-obo-prometheus-'));
    const env = { MCP_OBO_RUN: run, MCP_OBO_PROMETHEUS_PORT: String(port) };
    const call = (...args: string[]) => {
      const prefix = [
        ...(compose?.prefix ?? []),
        '-p',
        `mcp-obo-prom-${port}`,
        '-f',
        file,
        '--profile',
        'metrics',
      ];
      return runCommand(compose?.command ?? 'docker', [...prefix, ...args], { env });
    };
    try {
      const { code, stderr } = await call('up', '--detach', '--no-deps', 'prometheus');
      expect(code, stderr).toBe(0);
      const loaded = async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/rules`).catch(() => undefined);
        const { data } = ((await answer?.json()) ?? {}) as { data?: { groups: { rules: unknown[] }[] } };
        return data?.groups.flatMap(({ rules }) => rules).length;
      };
      await expect.poll(loaded, { timeout: 60_000, interval: 500 }).toBe(rulesInFile);
    } finally {
      await call('down', '--volumes', '--timeout', '3');
      rmSync(run, { recursive: true, force: true });
    }
  });
});
