import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createPlatformMetrics, metricTable } from '@mcp-obo/telemetry';
import { startTelemetry } from '@mcp-obo/telemetry/sdk';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const folder = new URL('../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
}
const rules = (parse(read('prometheus/rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const alerts = rules.flatMap(({ alert }) => alert ?? []);
const dashboard = JSON.parse(read('grafana/dashboards/mcp-obo.json')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const expressions: [where: string, expression: string][] = [
  ...rules.map(({ alert, record, expr }): [string, string] => [alert ?? record ?? '', expr]),
  ...dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }): [string, string] => [`dashboard: ${title}`, expr]),
  ),
];

/** Samples of a live endpoint on which every metric of the platform was recorded once. */
async function scrape(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const port = await freePort();
  const telemetry = await startTelemetry({
    serviceName: 'metrics-test',
    serviceVersion: '0',
    env: { METRICS_PORT: String(port) },
  });
  try {
    const metrics = createPlatformMetrics();
    const issuer = 'https://idp.example';
    metrics.authSuccess({ tenant: 'acme' });
    metrics.authFailure({ reason: 'audience' });
    metrics.jwksRefresh({ issuer, outcome: 'ok' });
    metrics.jwksAge(1, { issuer });
    metrics.exchangeLatency(1, { target: 'expenses-api', outcome: 'cache' });
    metrics.cacheEvent({ event: 'hit' });
    metrics.idpResponseTime(1, { issuer, operation: 'token', outcome: 'ok' });
    metrics.idpBreaker(0, { issuer });
    metrics.revocation({ kind: 'user' });
    metrics.issuerRevocation({ issuer, outcome: 'revoked' });
    metrics.revocationViewAge(0);
    metrics.securityEvent({ issuer, event: 'session-revoked', outcome: 'acted' });
    metrics.securityEventPoll({ issuer, outcome: 'ok' });
    metrics.rateLimitHit({ limit: 'tool' });
    metrics.toolInvocation({ tool: 'whoami', outcome: 'ok' });
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const samples = new Map<string, Set<string>>();
    for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? /gm)) {
      const known = samples.get(name) ?? new Set<string>();
      samples.set(name, known);
      for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    }
    return samples;
  } finally {
    await telemetry.shutdown();
  }
}

/** Names in an expression that are followed by a selector or stand where a metric does; not those of functions. */
function metricsIn(expression: string): readonly string[] {
  return [...expression.matchAll(/(?<![:\w"$])(mcp_[a-z_]+)(?![\w:(])/g)].map(([, name = '']) => name);
}

describe('alerts and dashboards', () => {
  let samples: ReadonlyMap<string, ReadonlySet<string>>;
  beforeAll(async () => {
    samples = await scrape();
  });

  it(verifies('op:metrics', 'name only metrics that the parts expose'), () => {
    const unknown = expressions.flatMap(([where, expression]) =>
      metricsIn(expression)
        .filter((name) => !samples.has(name))
        .map((name) => `${where}: ${name}`),
    );
    expect(unknown).toEqual([]);
    expect(expressions.flatMap(([, expression]) => metricsIn(expression)).length).toBeGreaterThan(20);
  });

  it(verifies('op:metrics', 'ask only for labels that these metrics have'), () => {
    const fromScrape = new Set(['job', 'instance']);
    const wrong = expressions.flatMap(([where, expression]) =>
      [...expression.matchAll(/(?<![:\w])(mcp_[a-z_]+)\{([^}]*)\}/g)].flatMap(
        ([, name = '', selector = '']) =>
          [...selector.matchAll(/([a-z_]+)(?:=~|!~|!=|=)/g)]
            .map(([, label = '']) => label)
            .filter((label) => !fromScrape.has(label) && !samples.get(name)?.has(label))
            .map((label) => `${where}: ${name}{${label}}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it(verifies('op:metrics', 'show every metric there is'), () => {
    const shown = new Set(
      dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr))),
    );
    const missing = Object.keys(metricTable).filter((name) =>
      [name, `${name}_count`, `${name}_bucket`].every((variant) => !shown.has(variant)),
    );
    expect(missing).toEqual([]);
  });

  it('have a case in which each alert fires, and one in which it does not', () => {
    const { tests } = parse(read('prometheus/rules.test.yml')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const cases = tests.flatMap((test) => test.alert_rule_test);
    const fires = new Set(cases.filter((one) => one.exp_alerts.length > 0).map((one) => one.alertname));
    expect(alerts.filter((name) => !fires.has(name))).toEqual([]);
    expect([...fires].filter((name) => !alerts.includes(name))).toEqual([]);
  });
});

const withoutPromtool = spawnSync('promtool', ['--version']).status !== 0 && process.env.CI !== 'true';

describe.skipIf(withoutPromtool)('promtool', () => {
  const promtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it(verifies('op:metrics', 'finds the rules and the configuration well formed'), () => {
    expect(promtool('check', 'config', 'prometheus/prometheus.yml')).toMatchObject({ status: 0 });
    expect(promtool('check', 'rules', 'prometheus/rules.yml')).toMatchObject({
      status: 0,
      said: expect.stringContaining(`${rules.length} rules found`),
    });
  });

  it(verifies('op:metrics', 'sees every alert fire when it should, and not before'), () => {
    const { status, said } = promtool('test', 'rules', 'prometheus/rules.test.yml');
    expect(status, said).toBe(0);
  });
});
