import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { Place } from './place.ts';
import type { GrantRow, Tables } from './tables.ts';

export type { GrantRow } from './tables.ts';

/** Grants as they stand or stood. Every call rejects with Fault `storage-unavailable`. */
export interface GrantTable {
  opened(row: Omit<GrantRow, 'replica'>): Promise<void>;
  /** Does nothing to one that ended before. */
  ended(id: string, at: number, why: string, uses: number): Promise<void>;
  /** Those of this gateway that nobody ended, newest first, at most `limit`: whether they are over by time is for the caller to see. */
  standing(limit: number): Promise<readonly GrantRow[]>;
  /** Newest first, at most `limit`. */
  list(limit: number): Promise<readonly GrantRow[]>;
  find(id: string): Promise<GrantRow | null>;
  removeEndedBefore(time: number): Promise<void>;
}

export function grantTable(db: Kysely<Tables>, { replica, shared }: Place): GrantTable {
  const newest = () =>
    db.selectFrom('access_grant').selectAll().orderBy('granted_at', 'desc').orderBy('id', 'desc');
  return {
    opened: (row) =>
      storing(async () => {
        const complete = { ...row, replica };
        await db.insertInto('access_grant').values(complete).execute();
      }),
    ended: (id, at, why, uses) =>
      storing(async () => {
        const changes = db.updateTable('access_grant').set({ ended_at: at, ended_why: why, uses });
        await changes.where('id', '=', id).where('ended_at', 'is', null).execute();
      }),
    standing: (limit) =>
      storing(() => {
        const all = newest().where('ended_at', 'is', null).limit(limit);
        return (shared ? all.where('replica', '=', replica) : all).execute();
      }),
    list: (limit) => storing(() => newest().limit(limit).execute()),
    find: (id) => storing(async () => (await newest().where('id', '=', id).executeTakeFirst()) ?? null),
    removeEndedBefore: (time) =>
      storing(async () => void (await db.deleteFrom('access_grant').where('ended_at', '<', time).execute())),
  };
}
