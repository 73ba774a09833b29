import { z } from 'zod';
import { BoundedMap } from '../lib/bounded-map.ts';
import type { Clock } from '../lib/clock.ts';
import type { Bus, NewestGroupsRow, NewestGroupsTable } from '../storage/index.ts';
import type { NewestGroupsOf } from './newest-groups.ts';

export interface SharedGroupsDependencies {
  readonly table: NewestGroupsTable;
  readonly bus: Bus;
  readonly clock: Clock;
  /** How many callers are remembered. */
  readonly most: number;
  /** Another gateway, or this one before it was started anew, was shown a token that says this. */
  heard(newest: NewestGroupsOf): void;
  report(fault: unknown): void;
}

/** Word between gateways over one store: a newer token of this caller was here. */
const TOPIC = 'newest-groups';
/** How far ahead of this clock a token of another gateway may be, in milliseconds: a row from the future would hide every loss until then. */
const AHEAD_MS = 300_000;

const groupsColumn = z.array(z.string());

/** What the newest tokens say, told to every gateway over the store, and to the next run of this one. */
export class SharedGroups {
  readonly #deps: SharedGroupsDependencies;
  readonly #forget: () => void;
  /** What the store did not take. */
  readonly #untold: BoundedMap<string, NewestGroupsOf>;

  constructor(deps: SharedGroupsDependencies) {
    this.#deps = deps;
    this.#untold = new BoundedMap(deps.most);
    this.#forget = deps.bus.subscribe(TOPIC, (caller) =>
      caller === null ? this.look() : this.#hear(caller),
    );
  }

  /** Nobody waits for it: here it counts already. */
  async tell(newest: NewestGroupsOf): Promise<void> {
    const { caller, issuedAt, groups } = newest;
    const { table, bus, report } = this.#deps;
    try {
      await table.put({ caller, issued_at: issuedAt, groups: JSON.stringify(groups) });
      this.#untold.delete(caller);
      await bus.publish(TOPIC, caller);
    } catch (fault) {
      this.#untold.set(caller, newest);
      report(fault);
    }
  }

  /** Everything there is, and what could not be told before. */
  async look(): Promise<void> {
    for (const one of [...this.#untold.values()]) await this.tell(one);
    for (const row of await this.#deps.table.newest(this.#deps.most)) this.#take(row);
  }

  close(): void {
    this.#forget();
  }

  async #hear(caller: string): Promise<void> {
    const row = await this.#deps.table.find(caller);
    if (row !== null) this.#take(row);
  }

  /** The store is a file that others may have written: what is read back is checked. */
  #take({ caller, issued_at: issuedAt, groups }: NewestGroupsRow): void {
    const { heard, clock, report } = this.#deps;
    try {
      if (issuedAt > clock.now() + AHEAD_MS) return;
      heard({ caller, issuedAt, groups: groupsColumn.parse(JSON.parse(groups)) });
    } catch (fault) {
      report(fault);
    }
  }
}
