import type { Denial } from '../protocol.ts';
import type { Awaited } from './exchange-table.ts';
import type { NameTable, Proposal } from './name-table.ts';
import type { Portal, Prepared } from './portal.ts';
import type { Unit } from './unit.ts';

/** A message the target has not fully answered. */
export type Expectation =
  | { readonly kind: 'query' | 'execute'; readonly unit: Unit }
  | { readonly kind: 'parse' | 'bind' | 'close'; readonly settle: Settlement | null }
  | { readonly kind: 'describe-statement' }
  /** `own`: asked by the gateway, which needs the columns to mask them; the client is not told. */
  | { readonly kind: 'describe-portal'; readonly portal: Portal | null; readonly own: boolean }
  | { readonly kind: 'sync' }
  /** `denial` is null when the client was told already. */
  | { readonly kind: 'refused-query' | 'refused-parse'; readonly denial: Denial | null };

/** What becomes of a name once the target has answered. */
export type Settlement =
  | { readonly table: NameTable<Prepared>; readonly proposal: Proposal<Prepared> }
  | { readonly table: NameTable<Portal>; readonly proposal: Proposal<Portal> };

/** The messages the target owes answers to, oldest first. Pure: no socket, no clock. */
export class Exchange {
  readonly #queue: Expectation[] = [];
  /** Index of the oldest; the front is cut off now and then rather than at each answer. */
  #head = 0;
  /** The target skips what comes until Sync, and none is queued: the client's messages must not be forwarded. */
  #skipping = false;

  get size(): number {
    return this.#queue.length - this.#head;
  }

  get skipping(): boolean {
    return this.#skipping;
  }

  get oldest(): Expectation | undefined {
    return this.#queue[this.#head];
  }

  get awaited(): Awaited {
    return this.#queue[this.#head]?.kind ?? 'nothing';
  }

  /** The operation that the target is at, or comes to next. */
  get operation(): Unit | null {
    for (let at = this.#head; at < this.#queue.length; at += 1) {
      const owed = this.#queue[at];
      if (owed !== undefined && 'unit' in owed) return owed.unit;
    }
    return null;
  }

  expect(expectation: Expectation): void {
    this.#queue.push(expectation);
  }

  /** The client sent Sync: the target listens again after it. */
  expectSync(): void {
    this.#skipping = false;
    this.#queue.push({ kind: 'sync' });
  }

  /** The gateway refused something in a pipeline: nothing more is forwarded before Sync. */
  skipUntilSync(): void {
    this.#skipping = true;
  }

  answered(): void {
    this.#head += 1;
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    } else if (this.#head >= 64) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** The oldest failed in a pipeline: everything up to the next Sync is skipped by the target. Returns what was. */
  failPipeline(): Expectation[] {
    let at = this.#head;
    while (at < this.#queue.length && this.#queue[at]?.kind !== 'sync') at += 1;
    const skipped = this.#queue.slice(this.#head, at);
    if (at === this.#queue.length) this.#skipping = true;
    this.#head = at;
    return skipped;
  }

  /** Everything still owed, for when the session is over. */
  abandon(): readonly Expectation[] {
    const owed = this.#queue.slice(this.#head);
    this.#queue.length = 0;
    this.#head = 0;
    return owed;
  }
}
