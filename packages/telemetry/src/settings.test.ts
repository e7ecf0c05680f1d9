import { describe, expect, it } from 'vitest';
import { readTelemetrySettings } from './settings.ts';

describe('readTelemetrySettings', () => {
  it('exports nothing and listens nowhere unless told', () => {
    expect(readTelemetrySettings({})).toEqual({
      headers: {},
      batchDelay: 1000,
      otlpMetrics: false,
      metricInterval: 60_000,
    });
  });

  it('reads the names of OpenTelemetry and binds metrics to loopback', () => {
    expect(
      readTelemetrySettings({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example/',
        OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%3Db, tenant=acme',
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_BSP_SCHEDULE_DELAY: '50',
        METRICS_PORT: '9464',
      }),
    ).toEqual({
      endpoint: 'https://otel.example',
      headers: { 'x-api-key': 'a=b', tenant: 'acme' },
      batchDelay: 50,
      otlpMetrics: true,
      metricInterval: 60_000,
      metrics: { host: '127.0.0.1', port: 9464 },
    });
  });

  it('names every variable that cannot be used, and no value', () => {
    const read = () =>
      readTelemetrySettings({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
        OTEL_EXPORTER_OTLP_HEADERS: 's3cr3t',
        METRICS_PORT: '99999',
        OTEL_BSP_SCHEDULE_DELAY: 'soon',
      });
    expect(read).toThrow(
      /OTEL_EXPORTER_OTLP_ENDPOINT.*OTEL_EXPORTER_OTLP_HEADERS.*OTEL_BSP_SCHEDULE_DELAY.*METRICS_PORT/,
    );
    expect(read).not.toThrow(/s3cr3t/);
  });
});
