/** Environment variables of a process, as far as telemetry reads them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What telemetry does, read from the names that OpenTelemetry and the platform give. */
export interface TelemetrySettings {
  /** Base URL of an OTLP/HTTP receiver. */
  readonly endpoint?: string;
  /** Headers for the receiver; a credential as a rule. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds a finished span waits for others. */
  readonly batchDelay: number;
  /** Metrics over OTLP too (`OTEL_METRICS_EXPORTER=otlp`). */
  readonly otlpMetrics: boolean;
  /** Milliseconds between two exports of metrics. */
  readonly metricInterval: number;
  /** Prometheus endpoint `/metrics`. */
  readonly metrics?: { readonly host: string; readonly port: number };
}

/** Reads the settings; throws one error that names every variable that cannot be used. */
export function readTelemetrySettings(env: Environment): TelemetrySettings {
  const problems: string[] = [];
  const integer = (name: string, fallback: number, max: number): number => {
    const text = env[name]?.trim() ?? '';
    if (text === '') return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= 0 && value <= max) return value;
    problems.push(`${name} must be a whole number from 0 to ${max}`);
    return fallback;
  };
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim().replace(/\/+$/, '') || undefined;
  if (endpoint !== undefined && !isHttpUrl(endpoint)) {
    problems.push('OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL such as http://127.0.0.1:4318');
  }
  const settings: TelemetrySettings = {
    ...(endpoint !== undefined && { endpoint }),
    headers: parseHeaders(env.OTEL_EXPORTER_OTLP_HEADERS ?? '', problems),
    batchDelay: integer('OTEL_BSP_SCHEDULE_DELAY', 1000, 600_000),
    otlpMetrics: (env.OTEL_METRICS_EXPORTER ?? '').split(',').some((name) => name.trim() === 'otlp'),
    metricInterval: integer('OTEL_METRIC_EXPORT_INTERVAL', 60_000, 3_600_000),
    ...(env.METRICS_PORT && {
      metrics: { host: env.METRICS_HOST || '127.0.0.1', port: integer('METRICS_PORT', 0, 65_535) },
    }),
  };
  if (problems.length > 0) throw new Error(`telemetry cannot start: ${problems.join('; ')}`);
  return settings;
}

/** `key=value` pairs, percent-encoded, separated by commas (OTLP exporter specification). */
function parseHeaders(text: string, problems: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const at = pair.indexOf('=');
    try {
      if (at < 1) throw new Error('no name');
      headers[pair.slice(0, at).trim()] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch {
      problems.push('OTEL_EXPORTER_OTLP_HEADERS must be a list such as name=value,other=value');
      break;
    }
  }
  return headers;
}

function isHttpUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '');
}
