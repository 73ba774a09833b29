import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import { inParts, type Place } from './place.ts';
import type { Position } from './position.ts';
import type { AccessDecisionRow, AccessRequestRow, Tables } from './tables.ts';

export type { AccessDecisionRow, AccessRequestRow } from './tables.ts';

/** What is known of an access request when it opens. */
export type OpenedAccessRequest = Omit<AccessRequestRow, 'replica'>;

export interface StoredAccessRequest {
  readonly request: AccessRequestRow;
  readonly decisions: readonly AccessDecisionRow[];
}

/** Access requests and the decisions on them. Every call rejects with Fault `storage-unavailable`. */
export interface AccessRequestTable {
  opened(row: OpenedAccessRequest): Promise<void>;
  decided(row: AccessDecisionRow): Promise<void>;
  ended(id: string, state: string, endedAt: number): Promise<void>;
  redeemed(id: string, at: number): Promise<void>;
  /** The word of this person in this seat counts no more. */
  withdrawn(id: string, seat: number, at: number): Promise<void>;
  /** Ends what an earlier run of this gateway left pending: whoever waited for it is gone. Gives how many. */
  failPending(at: number, isHeld?: (id: string) => boolean): Promise<number>;
  find(id: string): Promise<StoredAccessRequest | null>;
  /** Newest first, at most `limit`. */
  list(filter: {
    readonly limit: number;
    readonly state?: string | undefined;
    readonly before?: Position | undefined;
  }): Promise<readonly StoredAccessRequest[]>;
  eraseTextEndedBefore(time: number): Promise<void>;
  removeEndedBefore(time: number): Promise<void>;
}

export function accessRequestTable(db: Kysely<Tables>, place: Place): AccessRequestTable {
  return { ...steps(db, place), ...lookups(db), ...retention(db) };
}

/** What happens to an access request, in order. */
function steps(
  db: Kysely<Tables>,
  { replica, shared }: Place,
): Pick<AccessRequestTable, 'opened' | 'decided' | 'ended' | 'redeemed' | 'withdrawn' | 'failPending'> {
  const update = () => db.updateTable('access_request');
  return {
    opened: (row) =>
      storing(
        async () =>
          void (await db
            .insertInto('access_request')
            .values({ ...row, replica })
            .execute()),
      ),
    decided: (row) =>
      storing(async () => void (await db.insertInto('access_decision').values(row).execute())),
    ended: (id, state, endedAt) =>
      storing(async () => {
        const changes = update().set({ state, ended_at: endedAt });
        await changes.where('id', '=', id).where('state', '=', 'pending').execute();
      }),
    redeemed: (id, at) =>
      storing(async () => void (await update().set({ redeemed_at: at }).where('id', '=', id).execute())),
    withdrawn: (id, seat, at) =>
      storing(async () => {
        const changes = db.updateTable('access_decision').set({ withdrawn_at: at });
        await changes.where('request_id', '=', id).where('seat', '=', seat).execute();
      }),
    failPending: (at, isHeld = () => false) =>
      storing(async () => {
        let query = db.selectFrom('access_request').select('id').where('state', '=', 'pending');
        if (shared) query = query.where('replica', '=', replica);
        const left = (await query.execute()).map(({ id }) => id).filter((id) => !isHeld(id));
        const changes = { state: 'failed', ended_at: at };
        for (const ids of inParts(left))
          await update().set(changes).where('id', 'in', ids).where('state', '=', 'pending').execute();
        return left.length;
      }),
  };
}

function lookups(db: Kysely<Tables>): Pick<AccessRequestTable, 'find' | 'list'> {
  const withDecisions = async (requests: readonly AccessRequestRow[]): Promise<StoredAccessRequest[]> => {
    if (requests.length === 0) return [];
    const ids = requests.map((one) => one.id);
    const decisions = db.selectFrom('access_decision').selectAll().where('request_id', 'in', ids);
    const byRequest = Map.groupBy(await decisions.orderBy('seat').execute(), (one) => one.request_id);
    return requests.map((request) => ({ request, decisions: byRequest.get(request.id) ?? [] }));
  };
  return {
    find: (id) =>
      storing(async () => {
        const rows = await db.selectFrom('access_request').selectAll().where('id', '=', id).execute();
        return (await withDecisions(rows))[0] ?? null;
      }),
    list: ({ limit, state, before }) =>
      storing(async () => {
        let query = db.selectFrom('access_request').selectAll().limit(limit);
        if (state !== undefined) query = query.where('state', '=', state);
        if (before !== undefined) {
          query = query.where((row) =>
            row.or([
              row('created_at', '<', before.at),
              row.and([row('created_at', '=', before.at), row('id', '<', before.id)]),
            ]),
          );
        }
        return withDecisions(await query.orderBy('created_at', 'desc').orderBy('id', 'desc').execute());
      }),
  };
}

function retention(
  db: Kysely<Tables>,
): Pick<AccessRequestTable, 'eraseTextEndedBefore' | 'removeEndedBefore'> {
  return {
    eraseTextEndedBefore: (time) =>
      storing(async () => {
        const erased = db.updateTable('access_request').set({ text: null, parameters: null });
        await erased.where('ended_at', '<', time).where('text', 'is not', null).execute();
      }),
    removeEndedBefore: (time) =>
      storing(async () => {
        await db.deleteFrom('access_request').where('ended_at', '<', time).execute();
      }),
  };
}
