import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { Place } from './place.ts';
import type { ReviewRow, Tables } from './tables.ts';

export type { ReviewRow } from './tables.ts';

/** Reviews of what was done without waiting. Every call rejects with Fault `storage-unavailable`. */
export interface ReviewTable {
  opened(row: Omit<ReviewRow, 'replica'>): Promise<void>;
  overdue(id: string, at: number): Promise<void>;
  closed(
    id: string,
    by: Pick<ReviewRow, 'closed_at' | 'closed_by' | 'closed_by_name' | 'verdict' | 'words'>,
  ): Promise<void>;
  /** Those of this gateway that nobody closed, oldest first. */
  open(limit: number): Promise<readonly ReviewRow[]>;
  /** Of those of other gateways that nobody closed, what says whom they keep from breaking glass; oldest first. */
  openElsewhere(limit: number): Promise<readonly Pick<ReviewRow, 'id' | 'aliases' | 'due_at'>[]>;
  /** Newest first, at most `limit`. */
  list(limit: number): Promise<readonly ReviewRow[]>;
  find(id: string): Promise<ReviewRow | null>;
  eraseTextClosedBefore(time: number): Promise<void>;
  removeClosedBefore(time: number): Promise<void>;
}

export function reviewTable(db: Kysely<Tables>, { replica, shared }: Place): ReviewTable {
  const all = () => db.selectFrom('review').selectAll();
  const change = () => db.updateTable('review');
  return {
    opened: (row) =>
      storing(async () => {
        const complete = { ...row, replica };
        await db.insertInto('review').values(complete).execute();
      }),
    overdue: (id, at) =>
      storing(async () => void (await change().set({ overdue_at: at }).where('id', '=', id).execute())),
    closed: (id, by) =>
      storing(async () => {
        await change().set(by).where('id', '=', id).where('closed_at', 'is', null).execute();
      }),
    open: (limit) =>
      storing(() => {
        const open = all().where('closed_at', 'is', null).orderBy('opened_at').limit(limit);
        return (shared ? open.where('replica', '=', replica) : open).execute();
      }),
    openElsewhere: (limit) =>
      storing(async () => {
        if (!shared) return [];
        const some = db.selectFrom('review').select(['id', 'aliases', 'due_at']);
        const open = some.where('closed_at', 'is', null).where('replica', '!=', replica);
        return open.orderBy('opened_at').limit(limit).execute();
      }),
    list: (limit) =>
      storing(() => all().orderBy('opened_at', 'desc').orderBy('id', 'desc').limit(limit).execute()),
    find: (id) => storing(async () => (await all().where('id', '=', id).executeTakeFirst()) ?? null),
    eraseTextClosedBefore: (time) =>
      storing(async () => {
        const erased = change().set({ text: null, parameters: null });
        await erased.where('closed_at', '<', time).where('text', 'is not', null).execute();
      }),
    removeClosedBefore: (time) =>
      storing(async () => void (await db.deleteFrom('review').where('closed_at', '<', time).execute())),
  };
}
