export type { AuditEntry, AuditEntryType, AuditLog } from './audit.ts';
export { type AuditConfig, auditSection } from './config.ts';
export { type AuditDeps, createAudit } from './file-audit.ts';
export { ANY_TABLE, tableParts, tablesText, tableText } from './table-text.ts';
