import { type Attributes, context, metrics, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { type IMetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  NoopSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { startRedisSpans } from './redis-spans.ts';
import { type Environment, readTelemetrySettings, type TelemetrySettings } from './settings.ts';
import { scrubSpans } from './span-exporter.ts';

export { type Environment, readTelemetrySettings, type TelemetrySettings } from './settings.ts';
export { scrubSpans } from './span-exporter.ts';

export interface TelemetryOptions {
  /** `service.name` of every span and metric. */
  readonly serviceName: string;
  /** `service.version` of every span and metric. */
  readonly serviceVersion?: string;
  /** The environment of the process: see {@link readTelemetrySettings} for the names. */
  readonly env: Environment;
  /**
   * Share, from 0 to 1, of the requests without a trace of their own that are recorded; all when absent. Whoever began
   * a trace decides for all of it, and `OTEL_TRACES_SAMPLER` decides before this.
   */
  readonly recordedRoots?: number;
  /** Where finished spans go instead of OTLP; they are scrubbed all the same. */
  readonly spanExporter?: SpanExporter;
}

export interface Telemetry {
  /** Address of the Prometheus endpoint, when there is one. */
  readonly metricsUrl?: string;
  /** Sends what is waiting and stops. Never throws: a receiver that is gone is no reason to fail. */
  shutdown(): Promise<void>;
}

/**
 * Starts traces and metrics for this process. Call it once, before servers and clients are made, and make
 * the platform's metrics after it. W3C Trace Context is read and written in HTTP; baggage is not, since what
 * a caller writes there would reach every party behind us. Without a receiver nothing is recorded, but trace
 * ids are still made and passed on, so that logs and audit of one request can be joined.
 *
 * Rejects when the metrics port cannot be opened or a variable cannot be used.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const settings = readTelemetrySettings(options.env);
  const exporter = options.spanExporter ?? otlpSpans(settings);
  const prometheus = await startPrometheus(settings);
  const redis = startRedisSpans();
  const undici = new UndiciInstrumentation({ requireParentforSpans: true });
  const sdk = new NodeSDK({
    resource: defaultResource().merge(resourceFromAttributes(resourceAttributes(options))),
    autoDetectResources: false,
    textMapPropagator: new W3CTraceContextPropagator(),
    logRecordProcessors: [],
    metricReaders: [...(prometheus ? [prometheus.reader] : []), ...otlpMetrics(settings)],
    instrumentations: [undici],
    spanProcessors: [
      exporter
        ? new BatchSpanProcessor({
            exporter: scrubSpans(exporter),
            scheduledDelayMillis: settings.batchDelay,
            exportTimeoutMillis: 5000,
          })
        : new NoopSpanProcessor(),
    ],
    ...samplerOf(options, exporter),
  });
  sdk.start();
  return {
    ...(prometheus && { metricsUrl: prometheus.url }),
    async shutdown() {
      redis.stop();
      undici.disable();
      await sdk.shutdown().catch(() => undefined);
      for (const api of [trace, metrics, propagation, context]) api.disable();
    },
  };
}

/** Nothing where it would go nowhere; else as the environment says, which the SDK reads itself. */
function samplerOf(
  { recordedRoots, env }: TelemetryOptions,
  exporter: SpanExporter | undefined,
): { readonly sampler?: Sampler } {
  const chosen = env.OTEL_TRACES_SAMPLER;
  if (exporter === undefined) return { sampler: new AlwaysOffSampler() };
  if (chosen || recordedRoots === undefined) return {};
  return { sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(recordedRoots) }) };
}

function resourceAttributes({ serviceName, serviceVersion }: TelemetryOptions): Attributes {
  return {
    'service.name': serviceName,
    ...(serviceVersion !== undefined && { 'service.version': serviceVersion }),
  };
}

function otlpSpans({ endpoint, headers }: TelemetrySettings): SpanExporter | undefined {
  if (endpoint === undefined) return undefined;
  return new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, headers, timeoutMillis: 5000 });
}

function otlpMetrics(settings: TelemetrySettings): IMetricReader[] {
  const { endpoint, headers, metricInterval } = settings;
  if (endpoint === undefined || !settings.otlpMetrics) return [];
  const exporter = new OTLPMetricExporter({ url: `${endpoint}/v1/metrics`, headers, timeoutMillis: 5000 });
  const exportTimeoutMillis = Math.min(5000, metricInterval);
  return [
    new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: metricInterval,
      exportTimeoutMillis,
    }),
  ];
}

async function startPrometheus({ metrics: at }: TelemetrySettings) {
  if (at === undefined) return undefined;
  const reader = new PrometheusExporter({ host: at.host, port: at.port, preventServerStart: true });
  try {
    await reader.startServer();
  } catch (cause) {
    const message = `the metrics endpoint cannot listen on ${at.host}:${at.port}; set METRICS_PORT to a free port`;
    throw new Error(message, { cause });
  }
  return { reader, url: `http://${at.host}:${at.port}/metrics` };
}
