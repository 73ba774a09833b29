import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { SignInSessionRow, SignInTicketRow, Tables } from './tables.ts';

export type { SignInSessionRow, SignInTicketRow } from './tables.ts';

/**
 * Sign-ins that wait for the browser to come back, and sessions that came of them. Ids are SHA-256 of what the client
 * holds, and what a row carries is sealed with a key made of it: the store alone signs nobody in.
 * Every call rejects with Fault `storage-unavailable`.
 */
export interface SignInTable {
  /** False when there are `most` already that have not expired. */
  addTicket(row: SignInTicketRow, now: number, most: number): Promise<boolean>;
  /** Takes it out: of several who ask for the same one, one gets it. */
  takeTicket(idHash: string, kind: SignInTicketRow['kind'], now: number): Promise<SignInTicketRow | null>;
  /** Remembers that an assertion was used; false when it was before. */
  useAssertion(idHash: string, expiresAt: number): Promise<boolean>;
  /** Adds a session; the subject's oldest beyond `most` are removed. */
  addSession(row: SignInSessionRow, most: number): Promise<void>;
  allSessions(): Promise<readonly Pick<SignInSessionRow, 'id_hash' | 'subject' | 'provider'>[]>;
  findSession(idHash: string): Promise<SignInSessionRow | null>;
  /** Says that it was used; with `sealed`, what it stands on now. False when it is gone. */
  touchSession(idHash: string, usedAt: number, sealed?: string): Promise<boolean>;
  /** False when it was gone before. */
  removeSession(idHash: string): Promise<boolean>;
  /** Removes what nobody can use any more. */
  removeExpired(now: number): Promise<void>;
}

export function signInTable(db: Kysely<Tables>): SignInTable {
  return {
    addTicket: (row, now, most) =>
      storing(async () => {
        await db.deleteFrom('sign_in_ticket').where('expires_at', '<=', now).execute();
        const { count } = await db
          .selectFrom('sign_in_ticket')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        if (Number(count) >= most) return false;
        await db.insertInto('sign_in_ticket').values(row).execute();
        return true;
      }),
    takeTicket: (idHash, kind, now) =>
      storing(async () => {
        const taken = await db
          .deleteFrom('sign_in_ticket')
          .where('id_hash', '=', idHash)
          .where('kind', '=', kind)
          .returningAll()
          .executeTakeFirst();
        return taken === undefined || taken.expires_at <= now ? null : taken;
      }),
    useAssertion: (idHash, expiresAt) =>
      storing(async () => {
        const row = { id_hash: idHash, expires_at: expiresAt };
        const result = await db
          .insertInto('saml_assertion')
          .values(row)
          .onConflict((conflict) => conflict.column('id_hash').doNothing())
          .executeTakeFirst();
        return Number(result.numInsertedOrUpdatedRows ?? 0) === 1;
      }),
    addSession: (row, most) =>
      storing(async () => {
        await db.insertInto('sign_in_session').values(row).execute();
        const old = await db
          .selectFrom('sign_in_session')
          .select('id_hash')
          .where('subject', '=', row.subject)
          .orderBy('created_at', 'desc')
          .orderBy('id_hash')
          .limit(most + OVER)
          .execute();
        const over = old.map((one) => one.id_hash).slice(most);
        if (over.length > 0) await db.deleteFrom('sign_in_session').where('id_hash', 'in', over).execute();
      }),
    ...sessionRows(db),
  };
}

/** How many sessions too many are removed at once; each sign-in adds one. */
const OVER = 100;

function sessionRows(
  db: Kysely<Tables>,
): Pick<SignInTable, 'allSessions' | 'findSession' | 'touchSession' | 'removeSession' | 'removeExpired'> {
  return {
    allSessions: () =>
      storing(() => db.selectFrom('sign_in_session').select(['id_hash', 'subject', 'provider']).execute()),
    findSession: (idHash) =>
      storing(
        async () =>
          (await db
            .selectFrom('sign_in_session')
            .selectAll()
            .where('id_hash', '=', idHash)
            .executeTakeFirst()) ?? null,
      ),
    touchSession: (idHash, usedAt, sealed) =>
      storing(async () => {
        const result = await db
          .updateTable('sign_in_session')
          .set({ used_at: usedAt, ...(sealed === undefined ? {} : { sealed }) })
          .where('id_hash', '=', idHash)
          .executeTakeFirst();
        return Number(result.numUpdatedRows) === 1;
      }),
    removeSession: (idHash) =>
      storing(async () => {
        const result = await db
          .deleteFrom('sign_in_session')
          .where('id_hash', '=', idHash)
          .executeTakeFirst();
        return Number(result.numDeletedRows) === 1;
      }),
    removeExpired: (now) =>
      storing(async () => {
        await db.deleteFrom('sign_in_ticket').where('expires_at', '<=', now).execute();
        await db.deleteFrom('sign_in_session').where('expires_at', '<=', now).execute();
        await db.deleteFrom('saml_assertion').where('expires_at', '<=', now).execute();
      }),
  };
}
