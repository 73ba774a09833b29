import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import { inParts, type Place } from './place.ts';
import type { Position } from './position.ts';
import type { SessionEndRow, SessionRow, Tables } from './tables.ts';

export type { SessionRow } from './tables.ts';

/** What is known of a session when it starts. */
export type StartedSession = Omit<
  SessionRow,
  'ended_at' | 'ended_reason' | 'operations' | 'replica' | Handed
> &
  Partial<Pick<SessionRow, Handed>>;

/** What only a session of a task token has. */
type Handed = 'token_id' | 'delegation';
const NOTHING_HANDED = { token_id: null, delegation: null };

/** Which open sessions are not an earlier run's. */
export interface Kept {
  isOpen?(id: string): boolean;
  /** Those started at this time or later are kept: their rows may be on their way. */
  readonly since?: number;
}

export interface SessionFilter {
  readonly limit: number;
  /** Only those of this subject and, unless undefined, this actor (null: without one). */
  readonly subject?: string | undefined;
  readonly actor?: string | null | undefined;
  readonly open?: boolean | undefined;
  readonly before?: Position | undefined;
}

export interface SessionEnding {
  readonly id: string;
  readonly reason: string;
  /** In milliseconds. */
  readonly at: number;
  readonly operations: number;
}

export interface SessionChanges {
  readonly started?: readonly StartedSession[];
  readonly ended?: readonly SessionEnding[];
}

/** Sessions as people list them. Every call rejects with Fault `storage-unavailable`. */
export interface SessionTable {
  /** Writes all of it or nothing, what started before what ended. An ending does nothing to a session that ended before. */
  record(changes: SessionChanges): Promise<void>;
  /** Ends what an earlier run of this gateway left open, apart from what is `kept`. Gives how many. */
  endOpen(reason: string, at: number, kept?: Kept): Promise<number>;
  /** Asks the gateway that has this session to end it. False when it is not open. */
  askEnd(id: string, reason: string, at: number): Promise<boolean>;
  /** What other gateways ask this one to end, at most `ENDS_READ`. */
  endsAsked(): Promise<readonly SessionEndRow[]>;
  find(id: string): Promise<SessionRow | null>;
  /** Newest first, at most `limit`. */
  list(filter: SessionFilter): Promise<readonly SessionRow[]>;
  removeEndedBefore(time: number): Promise<void>;
}

/** Most asked-for ends that are read at once. */
const ENDS_READ = 1_000;

export function sessionTable(db: Kysely<Tables>, place: Place): SessionTable {
  return { ...steps(db, place), ...lookups(db), ...asking(db, place) };
}

type Steps = 'record' | 'endOpen' | 'removeEndedBefore';

function steps(db: Kysely<Tables>, place: Place): Pick<SessionTable, Steps> {
  return {
    record: ({ started = [], ended = [] }) =>
      storing(() =>
        db.transaction().execute(async (within) => {
          const fresh = { ended_at: null, ended_reason: null, operations: 0, replica: place.replica };
          const rows = started.map((row) => ({ ...NOTHING_HANDED, ...row, ...fresh }));
          if (rows.length > 0) await within.insertInto('session').values(rows).execute();
          for (const { id, reason, at, operations } of ended)
            await within
              .updateTable('session')
              .set({ ended_at: at, ended_reason: reason, operations })
              .where('id', '=', id)
              .where('ended_at', 'is', null)
              .execute();
        }),
      ),
    endOpen: (reason, at, { isOpen = () => false, since = Infinity } = {}) =>
      storing(async () => {
        let query = db.selectFrom('session').select(['id', 'started_at']).where('ended_at', 'is', null);
        if (place.shared) query = query.where('replica', '=', place.replica);
        const over = (await query.execute()).filter((one) => one.started_at < since && !isOpen(one.id));
        const changes = { ended_at: at, ended_reason: reason };
        for (const ids of inParts(over.map(({ id }) => id)))
          await db
            .updateTable('session')
            .set(changes)
            .where('id', 'in', ids)
            .where('ended_at', 'is', null)
            .execute();
        return over.length;
      }),
    removeEndedBefore: (time) =>
      storing(async () => void (await db.deleteFrom('session').where('ended_at', '<', time).execute())),
  };
}

function lookups(db: Kysely<Tables>): Pick<SessionTable, 'find' | 'list'> {
  return {
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
  };
}

/** What gateways ask of each other. */
function asking(db: Kysely<Tables>, place: Place): Pick<SessionTable, 'askEnd' | 'endsAsked'> {
  return {
    askEnd: (id, reason, at) =>
      storing(async () => {
        const open = await db
          .selectFrom('session')
          .select('id')
          .where('id', '=', id)
          .where('ended_at', 'is', null)
          .execute();
        if (open.length === 0) return false;
        // Who asks second asks for the same: the first reason stays.
        const asked = db.insertInto('session_end').values({ session_id: id, reason, asked_at: at });
        await asked.onConflict((conflict) => conflict.column('session_id').doNothing()).execute();
        return true;
      }),
    endsAsked: () =>
      storing(() =>
        db
          .selectFrom('session_end')
          .innerJoin('session', 'session.id', 'session_end.session_id')
          .selectAll('session_end')
          .where('session.replica', '=', place.replica)
          .where('session.ended_at', 'is', null)
          .limit(ENDS_READ)
          .execute(),
      ),
  };
}
