export type { AccessRequestTable, StoredAccessRequest } from './access-requests.ts';
export type { IdempotencyTable } from './idempotency.ts';
export type { Position } from './position.ts';
export { type StorageConfig, storageSection } from './section.ts';
export type { SessionFilter, SessionTable, StartedSession } from './sessions.ts';
export { openStorage, type Storage } from './storage.ts';
export type {
  AccessDecisionRow,
  AccessRequestRow,
  IdempotencyRow,
  SessionRow,
  TaskTokenRow,
} from './tables.ts';
export type { BudgetKind, TaskTokenTable } from './task-tokens.ts';
