export { createLogger, type LoggerOptions, type LogLevel } from './logger.ts';
export { extractTraceMeta, injectTraceMeta, type Meta, traceMetaKeys } from './meta.ts';
export { createPlatformMetrics, type MetricRow, metricTable, type PlatformMetrics } from './metrics.ts';
export { scrub } from './scrub.ts';
export { scrubText, scrubUrl } from './scrub-text.ts';
export { type SpanSettings, withSpan } from './span.ts';
