import type { AuditEvent } from './event.ts';
import { preparedLine } from './prepared-line.ts';
import { type AuditRecord, auditRecord } from './record.ts';

export interface AuditLogOptions {
  /** Takes one line, which ends with a line feed. Must not lose it: what it throws reaches the caller of `record`. */
  readonly write: (line: string) => void;
  /** Resolves when every line so far is where it belongs; at once when absent, as `write` waits for that itself. */
  readonly written?: () => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Name of the process, e.g. `broker`. */
  readonly service: string;
  /** Key for the hashes of parameters. Without one, a parameter with few likely values can be guessed from its hash. */
  readonly hashKey?: Uint8Array;
  /** How a record becomes a line without its line feed; JSON when absent. A chain of hashes goes in here. */
  readonly format?: (record: AuditRecord) => string;
}

/** Where decisions are recorded. */
export interface AuditLog {
  /**
   * Writes one record before it returns. Record first, act then: a decision that cannot be recorded should
   * not be carried out, so what `write` throws is thrown.
   */
  record(event: AuditEvent): void;
  /** How to write the record of an event that comes again, with nothing new but its time, duration and trace. */
  prepare(event: Omit<AuditEvent, 'durationMs'>): (durationMs: number) => void;
  /** Resolves when every record so far is written, where `write` gathers them; rejects when one could not be. */
  written(): Promise<void>;
}

/** Makes an audit log of one process. */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { write, written = async () => undefined, format } = options;
  const line = format ?? JSON.stringify;
  const record = (event: AuditEvent) => write(`${line(auditRecord(event, options))}\n`);
  return Object.freeze({
    record,
    prepare(event: AuditEvent) {
      if (format !== undefined) return (durationMs: number) => record({ ...event, durationMs });
      const prepared = preparedLine(event, options);
      return (durationMs: number) => write(`${prepared(durationMs)}\n`);
    },
    written,
  });
}
