import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { RevocationRow, Tables } from './tables.ts';

export type { RevocationRow } from './tables.ts';

/** Rows removed by one statement. */
const REMOVED_AT_ONCE = 500;

/** What was revoked. Every call rejects with Fault `storage-unavailable`. */
export interface RevocationTable {
  /** Adds it, or writes over the one with its id. */
  put(row: RevocationRow): Promise<void>;
  find(id: string): Promise<RevocationRow | null>;
  /** Oldest first. */
  all(): Promise<readonly RevocationRow[]>;
  remove(ids: readonly string[]): Promise<void>;
  /** Removes what is in the audit log and was over at this time, in milliseconds, or before. */
  removeOver(time: number): Promise<void>;
  /** `seq` of the first entry of this log that revocations were not taken from; null when none were. */
  place(log: string): Promise<number | null>;
  setPlace(log: string, next: number): Promise<void>;
}

export function revocationTable(db: Kysely<Tables>): RevocationTable {
  return {
    put: (row) =>
      storing(async () => {
        const { id: _id, ...changes } = row;
        const added = db.insertInto('revocation').values(row);
        await added.onConflict((conflict) => conflict.column('id').doUpdateSet(changes)).execute();
      }),
    find: (id) =>
      storing(
        async () =>
          (await db.selectFrom('revocation').selectAll().where('id', '=', id).executeTakeFirst()) ?? null,
      ),
    all: () =>
      storing(() => db.selectFrom('revocation').selectAll().orderBy('revoked_at').orderBy('id').execute()),
    remove: (ids) =>
      storing(async () => {
        for (let at = 0; at < ids.length; at += REMOVED_AT_ONCE) {
          const some = ids.slice(at, at + REMOVED_AT_ONCE);
          await db.deleteFrom('revocation').where('id', 'in', some).execute();
        }
      }),
    removeOver: (time) =>
      storing(async () => {
        await db.deleteFrom('revocation').where('until', '<=', time).where('logged', '=', 1).execute();
      }),
    place: (log) =>
      storing(async () => {
        const query = db.selectFrom('revocation_place').select('next').where('log', '=', log);
        const next = (await query.executeTakeFirst())?.next;
        return next === undefined ? null : Number(next);
      }),
    setPlace: (log, next) =>
      storing(async () => {
        const added = db.insertInto('revocation_place').values({ log, next });
        await added.onConflict((conflict) => conflict.column('log').doUpdateSet({ next })).execute();
      }),
  };
}
