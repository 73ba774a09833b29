export { type AuditEntry, type AuditEntryType, type AuditLog, ENTRY_VERSION } from './audit.ts';
export { type AuditConfig, auditSection } from './config.ts';
export { type AuditDeps, createAudit, type OpenedAudit } from './file-audit.ts';
export type { LastEntry, RememberedType } from './last-entries.ts';
export {
  type Changes,
  changesOf,
  LISTED_NAMES,
  type Listing,
  listedFacts,
  listingIn,
  listingOf,
  type Named,
} from './listing.ts';
export { ANY_TABLE, tableParts, tablesText, tableText } from './table-text.ts';
