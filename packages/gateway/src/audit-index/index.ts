export { type AuditIndex, type AuditIndexDeps, createAuditIndex } from './audit-index.ts';
export type { FoundOperation, FoundSession, Page, PageRequest, SearchFilter } from './filter.ts';
export { IndexFile, type IndexPlaces, type Step } from './index-file.ts';
export { type AuditIndexConfig, auditIndexSection } from './section.ts';
