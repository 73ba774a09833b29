import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { Position } from './position.ts';
import type { SessionRow, Tables } from './tables.ts';

export type { SessionRow } from './tables.ts';

/** What is known of a session when it starts. */
export type StartedSession = Omit<SessionRow, 'ended_at' | 'ended_reason' | 'operations'>;

export interface SessionFilter {
  readonly limit: number;
  /** Only those of this subject and, unless undefined, this actor (null: without one). */
  readonly subject?: string | undefined;
  readonly actor?: string | null | undefined;
  readonly open?: boolean | undefined;
  readonly before?: Position | undefined;
}

/** Sessions as people list them. Every call rejects with Fault `storage-unavailable`. */
export interface SessionTable {
  started(row: StartedSession): Promise<void>;
  /** Does nothing to a session that ended before. */
  ended(id: string, reason: string, at: number, operations: number): Promise<void>;
  /** Ends what an earlier run left open. Gives how many. */
  endOpen(reason: string, at: number): Promise<number>;
  find(id: string): Promise<SessionRow | null>;
  /** Newest first, at most `limit`. */
  list(filter: SessionFilter): Promise<readonly SessionRow[]>;
  removeEndedBefore(time: number): Promise<void>;
}

export function sessionTable(db: Kysely<Tables>): SessionTable {
  return {
    started: (row) =>
      storing(async () => {
        const complete = { ...row, ended_at: null, ended_reason: null, operations: 0 };
        await db.insertInto('session').values(complete).execute();
      }),
    ended: (id, reason, at, operations) =>
      storing(async () => {
        const changes = { ended_at: at, ended_reason: reason, operations };
        await db
          .updateTable('session')
          .set(changes)
          .where('id', '=', id)
          .where('ended_at', 'is', null)
          .execute();
      }),
    endOpen: (reason, at) =>
      storing(async () => {
        const changes = { ended_at: at, ended_reason: reason };
        const result = await db
          .updateTable('session')
          .set(changes)
          .where('ended_at', 'is', null)
          .executeTakeFirst();
        return Number(result.numUpdatedRows);
      }),
    find: (id) =>
      storing(
        async () =>
          (await db.selectFrom('session').selectAll().where('id', '=', id).executeTakeFirst()) ?? null,
      ),
    list: (filter) =>
      storing(async () => {
        let query = db.selectFrom('session').selectAll().orderBy('started_at', 'desc').orderBy('id', 'desc');
        if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
        if (filter.actor === null) query = query.where('actor', 'is', null);
        else if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor);
        if (filter.open !== undefined) query = query.where('ended_at', filter.open ? 'is' : 'is not', null);
        const { before } = filter;
        if (before !== undefined) {
          query = query.where((row) =>
            row.or([
              row('started_at', '<', before.at),
              row.and([row('started_at', '=', before.at), row('id', '<', before.id)]),
            ]),
          );
        }
        return query.limit(filter.limit).execute();
      }),
    removeEndedBefore: (time) =>
      storing(async () => void (await db.deleteFrom('session').where('ended_at', '<', time).execute())),
  };
}
