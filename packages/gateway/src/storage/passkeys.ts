import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { PasskeyRow, Tables } from './tables.ts';

/** Passkeys of people. Every call rejects with Fault `storage-unavailable`. */
export interface PasskeyTable {
  /** False when there is one of this id already, whoever has it. */
  add(row: PasskeyRow): Promise<boolean>;
  /** Oldest first. */
  of(subject: string): Promise<readonly PasskeyRow[]>;
  /** Moves its counter on, if it is still what it was read as: of two uses at the same time one is left. */
  used(id: string, from: number, to: number, at: number): Promise<boolean>;
  remove(subject: string, id: string): Promise<boolean>;
  /** How many were removed. */
  removeOf(subject: string): Promise<number>;
}

export function passkeyTable(db: Kysely<Tables>): PasskeyTable {
  return {
    add: (row) =>
      storing(async () => {
        const added = await db
          .insertInto('passkey')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        return Number(added.numInsertedOrUpdatedRows ?? 0) > 0;
      }),
    of: (subject) =>
      storing(() =>
        db.selectFrom('passkey').selectAll().where('subject', '=', subject).orderBy('created_at').execute(),
      ),
    used: (id, from, to, at) =>
      storing(async () => {
        const moved = db.updateTable('passkey').set({ counter: to, used_at: at }).where('id', '=', id);
        return Number((await moved.where('counter', '=', from).executeTakeFirst()).numUpdatedRows) > 0;
      }),
    remove: (subject, id) =>
      storing(async () => {
        const removed = db.deleteFrom('passkey').where('subject', '=', subject).where('id', '=', id);
        return Number((await removed.executeTakeFirst()).numDeletedRows) > 0;
      }),
    removeOf: (subject) =>
      storing(async () => {
        const removed = db.deleteFrom('passkey').where('subject', '=', subject);
        return Number((await removed.executeTakeFirst()).numDeletedRows);
      }),
  };
}
