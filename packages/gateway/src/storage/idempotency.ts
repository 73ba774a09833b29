import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { IdempotencyRow, Tables } from './tables.ts';

/** Requests that change something, by the key their caller gave them. Every call rejects with Fault `storage-unavailable`. */
export interface IdempotencyTable {
  /** Takes a key. Null when it was free; else the row that has it. One of two at the same time gets it. */
  begin(
    row: Pick<IdempotencyRow, 'key' | 'caller' | 'request' | 'created_at'>,
  ): Promise<IdempotencyRow | null>;
  answered(key: string, status: number, answer: string | null): Promise<void>;
  /** Frees a key whose request did nothing. */
  forget(key: string): Promise<void>;
  /** Forgets the oldest of a caller beyond so many. */
  keepNewest(caller: string, most: number): Promise<void>;
  removeBefore(time: number): Promise<void>;
}

export function idempotencyTable(db: Kysely<Tables>): IdempotencyTable {
  const rows = () => db.selectFrom('idempotency').selectAll();
  return {
    begin: (row) =>
      storing(async () => {
        const taken = await db
          .insertInto('idempotency')
          .values({ ...row, status: null, answer: null })
          .onConflict((conflict) => conflict.column('key').doNothing())
          .executeTakeFirst();
        if (Number(taken.numInsertedOrUpdatedRows ?? 0) > 0) return null;
        return (await rows().where('key', '=', row.key).executeTakeFirst()) ?? null;
      }),
    answered: (key, status, answer) =>
      storing(
        async () =>
          void (await db.updateTable('idempotency').set({ status, answer }).where('key', '=', key).execute()),
      ),
    forget: (key) =>
      storing(async () => void (await db.deleteFrom('idempotency').where('key', '=', key).execute())),
    keepNewest: (caller, most) =>
      storing(async () => {
        const own = db.selectFrom('idempotency').select('created_at').where('caller', '=', caller);
        const oldest = await own.orderBy('created_at', 'desc').offset(most).limit(1).executeTakeFirst();
        if (oldest === undefined) return;
        const { created_at } = oldest;
        const beyond = db.deleteFrom('idempotency').where('caller', '=', caller);
        await beyond.where('created_at', '<=', created_at).execute();
      }),
    removeBefore: (time) =>
      storing(async () => void (await db.deleteFrom('idempotency').where('created_at', '<', time).execute())),
  };
}
