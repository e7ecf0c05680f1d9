import type { AuditEvent } from './event.ts';
import { activeTrace, auditRecord, auditSchema, type RecordSettings } from './record.ts';

/** The line of an event that comes again, in the very form of any other: its fixed members are text already. */
export function preparedLine(event: AuditEvent, settings: RecordSettings): (durationMs: number) => string {
  const {
    schema: _schema,
    time: _time,
    duration_ms: _duration,
    trace_id: _trace,
    span_id: _span,
    ...fixed
  } = auditRecord(event, settings);
  const members = JSON.stringify(fixed).slice(1, -1);
  return (durationMs) => {
    const time = new Date(settings.now()).toISOString();
    const { trace_id, span_id } = activeTrace();
    const trace = trace_id === undefined ? '' : `,"trace_id":"${trace_id}","span_id":"${span_id}"`;
    const duration = JSON.stringify(durationMs);
    return `{"schema":"${auditSchema}","time":"${time}",${members},"duration_ms":${duration}${trace}}`;
  };
}
