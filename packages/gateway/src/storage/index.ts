export type { AccessRequestTable, StoredAccessRequest } from './access-requests.ts';
export type { GrantRow, GrantTable } from './grants.ts';
export type { IdempotencyTable } from './idempotency.ts';
export type { Position } from './position.ts';
export type { ReviewRow, ReviewTable } from './reviews.ts';
export { type StorageConfig, storageSection } from './section.ts';
export type { SessionFilter, SessionTable, StartedSession } from './sessions.ts';
export { openStorage, type Storage } from './storage.ts';
export type { AccessDecisionRow, AccessRequestRow, IdempotencyRow, SessionRow } from './tables.ts';
