export type {
  AuditDecision,
  AuditEvent,
  AuditEventType,
  AuditedOperation,
  AuditSubject,
} from './event.ts';
export { type AuditFile, openAuditFile } from './file.ts';
export { type GatheringFile, gatherLines } from './gather.ts';
export { type AuditLog, type AuditLogOptions, createAuditLog } from './log.ts';
export type { AuditedParameters, RecordedParameter, Sensitivity } from './parameters.ts';
export { type AuditRecord, auditSchema } from './record.ts';
export { auditSubject } from './subject.ts';
