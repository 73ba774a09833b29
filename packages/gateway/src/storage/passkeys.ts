import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { PasskeyRow, Tables } from './tables.ts';

/** Most rows of one person that are read: more than anybody can add, however many others put there. */
const ROWS = 200;

/** Passkeys of people. Every call rejects with Fault `storage-unavailable`. */
export interface PasskeyTable {
  /** False when there is one of this id already, whoever has it. */
  add(row: PasskeyRow): Promise<boolean>;
  /** Oldest first, and at most ROWS. */
  of(subject: string): Promise<readonly PasskeyRow[]>;
  /** Changes it if its seal is still what it was read as: of two that move its counter on at the same time one is left. */
  used(id: string, mac: string, change: Pick<PasskeyRow, 'counter' | 'used_at' | 'mac'>): Promise<boolean>;
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
        db
          .selectFrom('passkey')
          .selectAll()
          .where('subject', '=', subject)
          .orderBy('created_at')
          .limit(ROWS)
          .execute(),
      ),
    used: (id, mac, change) =>
      storing(async () => {
        const moved = db.updateTable('passkey').set(change).where('id', '=', id).where('mac', '=', mac);
        return Number((await moved.executeTakeFirst()).numUpdatedRows) > 0;
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
