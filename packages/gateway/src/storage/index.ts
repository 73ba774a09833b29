export type { AccessRequestTable, StoredAccessRequest } from './access-requests.ts';
export type { RevocationTable } from './revocations.ts';
export { type StorageConfig, storageSection } from './section.ts';
export type { SessionFilter, SessionTable, StartedSession } from './sessions.ts';
export { openStorage, type Storage } from './storage.ts';
export type { AccessDecisionRow, AccessRequestRow, RevocationRow, SessionRow } from './tables.ts';
