export type { AuditEntry, AuditEntryType, AuditLog } from './audit.ts';
export { type AuditConfig, auditSection } from './config.ts';
export { type AuditDeps, createAudit } from './file-audit.ts';
