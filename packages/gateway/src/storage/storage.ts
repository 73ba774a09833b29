import { Kysely } from 'kysely';
import type { Clock } from '../lib/clock.ts';
import { type AccessRequestTable, accessRequestTable } from './access-requests.ts';
import { migrate } from './migrations.ts';
import { type RevocationTable, revocationTable } from './revocations.ts';
import type { StorageConfig } from './section.ts';
import { type SessionTable, sessionTable } from './sessions.ts';
import { sqliteDialect } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** The embedded store: an index of the audit log for people who look things up. */
export interface Storage {
  readonly accessRequests: AccessRequestTable;
  readonly sessions: SessionTable;
  readonly revocations: RevocationTable;
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
  return {
    accessRequests,
    sessions,
    revocations: revocationTable(db),
    applyRetention: async () => {
      const now = deps.clock.now();
      await accessRequests.eraseTextEndedBefore(now - days(config.operationTextDays));
      await accessRequests.removeEndedBefore(now - days(config.sessionDays));
      await sessions.removeEndedBefore(now - days(config.sessionDays));
    },
    close: () => db.destroy(),
  };
}

function days(count: number): number {
  return count * 86_400_000;
}
