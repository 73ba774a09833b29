import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { Place } from './place.ts';
import type { AccessWordRow, Tables } from './tables.ts';

/** Most words that are read at once. */
const WORDS_READ = 1_000;

/** What people said on another gateway than the one that holds the request. Every call rejects with Fault `storage-unavailable`. */
export interface AccessWordTable {
  asked(row: Omit<AccessWordRow, 'state' | 'answer'>): Promise<void>;
  find(id: string): Promise<AccessWordRow | null>;
  /** Words on requests that this gateway holds, oldest first. */
  waiting(): Promise<readonly AccessWordRow[]>;
  /** Makes this word the caller's to count, or to withdraw. False when someone was first: each word is used once. */
  take(id: string, as: 'taken' | 'withdrawn'): Promise<boolean>;
  /** What became of a taken word. */
  answered(id: string, state: string, answer: string): Promise<void>;
}

export function accessWordTable(db: Kysely<Tables>, place: Place): AccessWordTable {
  const update = () => db.updateTable('access_word');
  return {
    asked: (row) =>
      storing(async () => {
        await db
          .insertInto('access_word')
          .values({ ...row, state: 'asked', answer: '' })
          .execute();
      }),
    find: (id) =>
      storing(
        async () =>
          (await db.selectFrom('access_word').selectAll().where('id', '=', id).executeTakeFirst()) ?? null,
      ),
    waiting: () =>
      storing(() =>
        db
          .selectFrom('access_word')
          .innerJoin('access_request', 'access_request.id', 'access_word.request_id')
          .selectAll('access_word')
          .where('access_request.replica', '=', place.replica)
          .where('access_word.state', '=', 'asked')
          .orderBy('access_word.asked_at')
          .orderBy('access_word.id')
          .limit(WORDS_READ)
          .execute(),
      ),
    take: (id, as) =>
      storing(async () => {
        // One statement, so of two who try at once one finds it changed: both databases lock the row.
        const taken = update().set({ state: as }).where('id', '=', id).where('state', '=', 'asked');
        return Number((await taken.executeTakeFirst()).numUpdatedRows) === 1;
      }),
    answered: (id, state, answer) =>
      storing(async () => {
        await update().set({ state, answer }).where('id', '=', id).where('state', '=', 'taken').execute();
      }),
  };
}
