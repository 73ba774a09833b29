import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { addBytes, type Bits, BLOCK, keepCommon, lastFirst, noBits } from './bits.ts';
import { postingKey } from './database.ts';

/** Reads the postings of one kind of thing: which have all of some terms. */
export class Postings {
  readonly #find: StatementSync;

  constructor(database: DatabaseSync, table: 'operation_posting' | 'session_posting') {
    this.#find = database.prepare(`SELECT bits FROM ${table} WHERE place = ?`);
  }

  /**
   * The things from `least` up to and without `end` that have a term of each list, last first. One that has none of some
   * list costs two look-ups for each block, however often the others are met: no pair of filters is slow.
   */
  *lastFirst(wanted: readonly (readonly number[])[], least: number, end: number): Generator<number, void> {
    for (let block = Math.floor((end - 1) / BLOCK); block >= 0 && (block + 1) * BLOCK > least; block -= 1) {
      const bits = this.#block(wanted, block);
      if (bits === null) continue;
      const start = block * BLOCK;
      for (const position of lastFirst(bits, Math.max(0, least - start), Math.min(BLOCK, end - start)))
        yield start + position;
    }
  }

  /** What of a block has a term of each list; null when nothing has. */
  #block(wanted: readonly (readonly number[])[], block: number): Bits | null {
    let common: Bits | null = null;
    for (const either of wanted) {
      const bits = this.#either(either, block);
      if (bits === null) return null;
      if (common === null) common = bits;
      else if (!keepCommon(common, bits)) return null;
    }
    return common;
  }

  #either(terms: readonly number[], block: number): Bits | null {
    let bits: Bits | null = null;
    for (const term of terms) {
      const bytes = this.#find.get(postingKey(block, term))?.bits;
      if (!(bytes instanceof Uint8Array)) continue;
      bits ??= noBits();
      addBytes(bits, bytes);
    }
    return bits;
  }
}
