import type { Clock } from '../lib/clock.ts';
import type { PasskeyRow, RowSeals, Storage } from '../storage/index.ts';

type NewPasskey = Omit<PasskeyRow, 'mac' | 'created_at' | 'used_at'>;

/** More than any counter: no row of a passkey that was removed is new enough. */
const REMOVED = Number.MAX_SAFE_INTEGER;

/** Passkeys in the store, as far as the gateways wrote them: whoever else can write there adds, moves and brings back none. */
export class SealedPasskeys {
  readonly #table: Storage['passkeys'];
  readonly #seals: RowSeals;
  readonly #clock: Clock;

  constructor(table: Storage['passkeys'], seals: RowSeals, clock: Clock) {
    this.#table = table;
    this.#seals = seals;
    this.#clock = clock;
  }

  /** Oldest first. */
  of(subject: string): Promise<readonly PasskeyRow[]> {
    return this.#seals.sound(
      () => this.#table.of(subject),
      (row) => ({
        table: 'passkey',
        ...{ name: row.id, subject: row.subject, fields: fieldsOf(row), mac: row.mac },
        ages: [
          { mark: markOf(row.id), value: Number(row.counter) },
          { mark: endedOf(row.subject), value: Number(row.created_at) },
        ],
      }),
    );
  }

  /** Null when there is one of this id already. */
  async add(given: NewPasskey): Promise<PasskeyRow | null> {
    const { subject } = given;
    // Later than all that were ended, whatever the clock says: else it would be taken for one of them.
    const created_at = Math.max(this.#clock.now(), this.#seals.raised(endedOf(subject)));
    const whole = { ...given, created_at, used_at: null };
    const row = { ...whole, mac: this.#seals.of('passkey', fieldsOf(whole)) };
    if (!(await this.#table.add(row))) return null;
    this.#seals.raise(hadBy(subject), created_at);
    return row;
  }

  /** Moves its counter on. False when it was used, changed or removed meanwhile. */
  async used(row: PasskeyRow, counter: number): Promise<boolean> {
    const mac = this.#seals.of('passkey', fieldsOf({ ...row, counter }));
    const change = { counter, used_at: this.#clock.now(), mac };
    if (!(await this.#table.used(row.id, row.mac, change))) return false;
    this.#seals.raise(markOf(row.id), counter);
    return true;
  }

  async remove(subject: string, id: string): Promise<void> {
    const own = await this.of(subject);
    await this.#table.remove(subject, id);
    this.#seals.raise(markOf(id), REMOVED);
    if (own.every((one) => one.id === id)) this.#end(subject);
  }

  /** How many there were. Also those that are not in the store now, and are put back later. */
  async removeOf(subject: string): Promise<number> {
    const { length } = await this.of(subject);
    await this.#table.removeOf(subject);
    this.#end(subject);
    return length;
  }

  /** Whether there were passkeys of this person that nobody removed: that none is left is no reason to begin anew. */
  areMissing(subject: string, own: readonly PasskeyRow[]): boolean {
    const had = this.#seals.raised(hadBy(subject));
    return own.length === 0 && had > 0 && had >= this.#seals.raised(endedOf(subject));
  }

  #end(subject: string): void {
    const last = Math.max(this.#clock.now(), this.#seals.raised(hadBy(subject)));
    this.#seals.raise(endedOf(subject), last + 1);
  }
}

/** Everything but when it was last used, which nothing rests on. */
function fieldsOf(row: Omit<PasskeyRow, 'mac' | 'used_at'>) {
  return [
    ...[row.id, row.subject, row.name, row.public_key, Number(row.counter)],
    ...[row.transports, Number(row.created_at)],
  ];
}

const markOf = (id: string) => `passkey ${id}`;
/** Those made before were all removed. */
const endedOf = (subject: string) => `passkeys ended ${subject}`;
const hadBy = (subject: string) => `passkeys had ${subject}`;
