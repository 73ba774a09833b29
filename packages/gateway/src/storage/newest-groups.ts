import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { NewestGroupsRow, Tables } from './tables.ts';

export type { NewestGroupsRow } from './tables.ts';

/** The groups in the newest token of each caller, for the gateways that were shown an older one. Every call rejects with Fault `storage-unavailable`. */
export interface NewestGroupsTable {
  /** Does nothing when a newer token is known. */
  put(row: NewestGroupsRow): Promise<void>;
  find(caller: string): Promise<NewestGroupsRow | null>;
  /** Newest first, at most `limit`. */
  newest(limit: number): Promise<readonly NewestGroupsRow[]>;
  removeBefore(issuedAt: number): Promise<void>;
}

export function newestGroupsTable(db: Kysely<Tables>): NewestGroupsTable {
  const all = () => db.selectFrom('newest_groups').selectAll();
  const read = (row: NewestGroupsRow): NewestGroupsRow => ({ ...row, issued_at: Number(row.issued_at) });
  return {
    put: (row) =>
      storing(async () => {
        const { caller: _caller, ...changes } = row;
        const added = db.insertInto('newest_groups').values(row);
        await added
          .onConflict((conflict) =>
            conflict
              .column('caller')
              .doUpdateSet(changes)
              .where('newest_groups.issued_at', '<', row.issued_at),
          )
          .execute();
      }),
    find: (caller) =>
      storing(async () => {
        const row = await all().where('caller', '=', caller).executeTakeFirst();
        return row === undefined ? null : read(row);
      }),
    newest: (limit) =>
      storing(async () =>
        (await all().orderBy('issued_at', 'desc').orderBy('caller').limit(limit).execute()).map(read),
      ),
    removeBefore: (issuedAt) =>
      storing(
        async () => void (await db.deleteFrom('newest_groups').where('issued_at', '<', issuedAt).execute()),
      ),
  };
}
