export type { AccessRequestTable, StoredAccessRequest } from './access-requests.ts';
export type { IdempotencyTable } from './idempotency.ts';
export type { PasskeyTable } from './passkeys.ts';
export type { Position } from './position.ts';
export { type StorageConfig, storageSection } from './section.ts';
export type { SessionFilter, SessionTable, StartedSession } from './sessions.ts';
export type { SlackLinkTable } from './slack-links.ts';
export { openStorage, type Storage } from './storage.ts';
export type {
  AccessDecisionRow,
  AccessRequestRow,
  IdempotencyRow,
  PasskeyRow,
  SessionRow,
  SlackLinkRow,
} from './tables.ts';
