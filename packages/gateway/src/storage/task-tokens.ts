import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { Tables, TaskTokenRow } from './tables.ts';

export type { TaskTokenRow } from './tables.ts';

/** What a task token has so much of. */
export type BudgetKind = 'operations' | 'rows' | 'approvals';

/** What came of a claim. */
export interface Claim {
  readonly granted: number;
  /** All that is claimed of the token now, by every gateway. */
  readonly spent: number;
}

/** Task tokens that were given out, and what was spent with them. Every call rejects with Fault `storage-unavailable`. */
export interface TaskTokenTable {
  issued(row: Omit<TaskTokenRow, 'operations_spent' | 'rows_spent' | 'approvals_spent'>): Promise<void>;
  find(id: string): Promise<TaskTokenRow | null>;
  /** Takes at most so much of what is left, at once for every gateway that uses this store. */
  claim(id: string, kind: BudgetKind, most: number): Promise<Claim>;
  /** Puts back what was claimed and not spent. */
  giveBack(id: string, kind: BudgetKind, count: number): Promise<void>;
  /** How many are good now: of everyone, and of this subject. */
  live(now: number, subject: string): Promise<{ readonly all: number; readonly ofSubject: number }>;
  removeExpiredBefore(time: number): Promise<void>;
}

/** Attempts at a claim while other gateways claim of the same token. */
const ATTEMPTS = 8;

export function taskTokenTable(db: Kysely<Tables>): TaskTokenTable {
  const find = async (id: string): Promise<TaskTokenRow | null> =>
    (await db.selectFrom('task_token').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
  const count = async (now: number, subject?: string): Promise<number> => {
    let query = db.selectFrom('task_token').where('expires_at', '>', now);
    if (subject !== undefined) query = query.where('subject', '=', subject);
    const { rows } = await query.select((of) => of.fn.countAll().as('rows')).executeTakeFirstOrThrow();
    return Number(rows);
  };
  return {
    issued: (row) =>
      storing(async () => {
        const complete = { ...row, operations_spent: 0, rows_spent: 0, approvals_spent: 0 };
        await db.insertInto('task_token').values(complete).execute();
      }),
    find: (id) => storing(() => find(id)),
    claim: (id, kind, most) =>
      storing(async () => {
        const column = `${kind}_spent` as const;
        for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
          const row = await find(id);
          if (row === null) break;
          const before = row[column];
          const granted = Math.min(most, row[`${kind}_limit`] - before);
          if (granted <= 0) return { granted: 0, spent: before };
          const spent = before + granted;
          // Another gateway may have claimed meanwhile: then this changes nothing, and is tried again.
          const update = db.updateTable('task_token').set({ [column]: spent });
          const done = await update.where('id', '=', id).where(column, '=', before).executeTakeFirst();
          if (Number(done.numUpdatedRows) === 1) return { granted, spent };
        }
        return { granted: 0, spent: Number.MAX_SAFE_INTEGER };
      }),
    giveBack: (id, kind, count) =>
      storing(async () => {
        const column = `${kind}_spent` as const;
        const update = db.updateTable('task_token').set((of) => ({ [column]: of(column, '-', count) }));
        await update.where('id', '=', id).where(column, '>=', count).execute();
      }),
    live: (now, subject) =>
      storing(async () => ({ all: await count(now), ofSubject: await count(now, subject) })),
    removeExpiredBefore: (time) =>
      storing(async () => void (await db.deleteFrom('task_token').where('expires_at', '<', time).execute())),
  };
}
