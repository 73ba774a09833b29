import type { Kysely } from 'kysely';
import { storing } from './fault.ts';
import type { SlackLinkRow, Tables } from './tables.ts';

/** Which Slack user is who. Every call rejects with Fault `storage-unavailable`. */
export interface SlackLinkTable {
  /** Takes the place of an earlier link of the same Slack user. */
  put(row: SlackLinkRow): Promise<void>;
  find(team: string, user: string): Promise<SlackLinkRow | null>;
  /** How many were removed. */
  removeOf(subject: string): Promise<number>;
  removeExpired(time: number): Promise<void>;
}

export function slackLinkTable(db: Kysely<Tables>): SlackLinkTable {
  return {
    put: (row) =>
      storing(async () => {
        const { team_id: _team, user_id: _user, ...changed } = row;
        await db
          .insertInto('slack_link')
          .values(row)
          .onConflict((conflict) => conflict.columns(['team_id', 'user_id']).doUpdateSet(changed))
          .execute();
      }),
    find: (team, user) =>
      storing(async () => {
        const found = db.selectFrom('slack_link').selectAll().where('team_id', '=', team);
        return (await found.where('user_id', '=', user).executeTakeFirst()) ?? null;
      }),
    removeOf: (subject) =>
      storing(async () => {
        const removed = await db.deleteFrom('slack_link').where('subject', '=', subject).executeTakeFirst();
        return Number(removed.numDeletedRows);
      }),
    removeExpired: (time) =>
      storing(async () => void (await db.deleteFrom('slack_link').where('expires_at', '<=', time).execute())),
  };
}
