export type { AccessRequestTable, OpenedAccessRequest, StoredAccessRequest } from './access-requests.ts';
export type { AccessWordTable } from './access-words.ts';
export type { Bus, BusHandler } from './bus.ts';
export type { GrantRow, GrantTable } from './grants.ts';
export type { IdempotencyTable } from './idempotency.ts';
export type { NewestGroupsRow, NewestGroupsTable } from './newest-groups.ts';
export type { PasskeyTable } from './passkeys.ts';
export type { Place } from './place.ts';
export type { Position } from './position.ts';
export type { ReviewRow, ReviewTable } from './reviews.ts';
export type { RevocationTable } from './revocations.ts';
export { createRowSeals, type RefusedRow, type RowSeals } from './row-seals.ts';
export { type StorageConfig, storageSection } from './section.ts';
export type {
  SessionChanges,
  SessionEnding,
  SessionFilter,
  SessionTable,
  StartedSession,
} from './sessions.ts';
export type { SlackLinkTable } from './slack-links.ts';
export { openStorage, type Storage, type StorageDependencies, type StorageHealth } from './storage.ts';
export type {
  AccessDecisionRow,
  AccessRequestRow,
  AccessWordRow,
  IdempotencyRow,
  PasskeyRow,
  RevocationRow,
  SessionRow,
  SlackLinkRow,
  TaskTokenRow,
} from './tables.ts';
export type { BudgetKind, TaskTokenTable } from './task-tokens.ts';
