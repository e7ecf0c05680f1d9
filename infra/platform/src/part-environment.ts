import type { PartName } from './addresses.ts';
import type { PlatformOptions } from './platform-options.ts';

/** Only what a process needs: variables of the caller would win over the files. */
export function partEnvironment(options: PlatformOptions, part: PartName): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR, LANG, TZ } = process.env;
  const metricsPort = options.metricsPorts?.[part];
  return {
    PATH,
    HOME,
    ...(TMPDIR !== undefined && { TMPDIR }),
    ...(LANG !== undefined && { LANG }),
    ...(TZ !== undefined && { TZ }),
    ...(options.telemetryEndpoint !== undefined && {
      OTEL_EXPORTER_OTLP_ENDPOINT: options.telemetryEndpoint,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    }),
    ...(options.trustedCaFile !== undefined && { NODE_EXTRA_CA_CERTS: options.trustedCaFile }),
    ...(metricsPort !== undefined && { METRICS_PORT: String(metricsPort) }),
    ...(options.preload !== undefined && { NODE_OPTIONS: `--import=${options.preload}` }),
    ...options.env,
  };
}
