import type { RowSeals, SlackLinkRow, Storage } from '../../storage/index.ts';

/** Links in the store, as far as the gateways wrote them: whoever else can write there makes no Slack user anybody. */
export class SealedLinks {
  readonly #table: Storage['slackLinks'];
  readonly #seals: RowSeals;

  constructor(table: Storage['slackLinks'], seals: RowSeals) {
    this.#table = table;
    this.#seals = seals;
  }

  async find(team: string, user: string): Promise<SlackLinkRow | null> {
    const read = async () => {
      const row = await this.#table.find(team, user);
      return row === null ? [] : [row];
    };
    const [row] = await this.#seals.sound(read, (one) => {
      const value = Number(one.linked_at);
      return {
        table: 'slack_link',
        ...{ name: userOf(one), subject: one.subject, fields: fieldsOf(one), mac: one.mac },
        ages: [
          { mark: userOf(one), value },
          { mark: endedOf(one.subject), value },
        ],
      };
    });
    return row ?? null;
  }

  /** Takes the place of an earlier link of the same Slack user. */
  async put(given: Omit<SlackLinkRow, 'mac'>): Promise<void> {
    // Later than every other, whatever the clock says: else it would be taken for one that ended.
    const linked_at = Math.max(
      given.linked_at,
      this.#seals.raised(endedOf(given.subject)),
      this.#seals.raised(userOf(given)) + 1,
    );
    const row = { ...given, linked_at };
    await this.#table.put({ ...row, mac: this.#seals.of('slack_link', fieldsOf(row)) });
    this.#seals.raise(userOf(row), linked_at);
  }

  /** How many there were; `now` is when. */
  async removeOf(subject: string, now: number): Promise<number> {
    const removed = await this.#table.removeOf(subject);
    this.#seals.raise(endedOf(subject), now + 1);
    return removed;
  }
}

function fieldsOf(row: Omit<SlackLinkRow, 'mac'>) {
  return [
    ...[row.team_id, row.user_id, row.subject, row.display_name, row.groups, row.aliases],
    ...[Number(row.linked_at), Number(row.expires_at)],
  ];
}

const userOf = ({ team_id, user_id }: Pick<SlackLinkRow, 'team_id' | 'user_id'>) =>
  `slack user ${JSON.stringify([team_id, user_id])}`;
const endedOf = (subject: string) => `slack links ended ${subject}`;
