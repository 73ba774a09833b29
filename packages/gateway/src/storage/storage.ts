import { Kysely } from 'kysely';
import type { Clock } from '../lib/clock.ts';
import { type AccessRequestTable, accessRequestTable } from './access-requests.ts';
import { type GrantTable, grantTable } from './grants.ts';
import { type IdempotencyTable, idempotencyTable } from './idempotency.ts';
import { migrate } from './migrations.ts';
import { type ReviewTable, reviewTable } from './reviews.ts';
import type { StorageConfig } from './section.ts';
import { type SessionTable, sessionTable } from './sessions.ts';
import { sqliteDialect } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** The embedded store: an index of the audit log for people who look things up. */
export interface Storage {
  readonly accessRequests: AccessRequestTable;
  readonly sessions: SessionTable;
  readonly grants: GrantTable;
  readonly reviews: ReviewTable;
  readonly idempotency: IdempotencyTable;
  /** Erases operation text and removes rows whose retention is over. Call it at start and then daily. */
  applyRetention(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store and brings it up to date. Rejects with Fault `storage-unavailable`. */
export async function openStorage(config: StorageConfig, deps: { readonly clock: Clock }): Promise<Storage> {
  const db = new Kysely<Tables>({ dialect: sqliteDialect(config.directory) });
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const accessRequests = accessRequestTable(db);
  const sessions = sessionTable(db);
  const grants = grantTable(db);
  const reviews = reviewTable(db);
  const idempotency = idempotencyTable(db);
  return {
    accessRequests,
    sessions,
    grants,
    reviews,
    idempotency,
    applyRetention: async () => {
      const now = deps.clock.now();
      await accessRequests.eraseTextEndedBefore(now - days(config.operationTextDays));
      await accessRequests.removeEndedBefore(now - days(config.sessionDays));
      await sessions.removeEndedBefore(now - days(config.sessionDays));
      await grants.removeEndedBefore(now - days(config.sessionDays));
      await reviews.eraseTextClosedBefore(now - days(config.operationTextDays));
      await reviews.removeClosedBefore(now - days(config.sessionDays));
      await idempotency.removeBefore(now - days(1));
    },
    close: () => db.destroy(),
  };
}

function days(count: number): number {
  return count * 86_400_000;
}
