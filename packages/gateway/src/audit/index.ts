export type { AuditEntry, AuditEntryType, AuditLog } from './audit.ts';
