import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LogPlace } from '@sallyport/audit-log';
import { DamagedIndex } from './bits.ts';

/** How far the index is in its log. */
export interface Progress {
  /** Another number each time the index was begun anew. */
  readonly generation: number;
  /** `seq` of the first entry it has not got. */
  readonly next: number;
  /** Where the last entry it has begins, where it ends, its time and the digest of its bytes. */
  readonly place: LogPlace;
  readonly end: number;
  readonly time: number;
  readonly last: Uint8Array;
}

/** The one row that says so: written in the transaction that indexes, so that a crash leaves both or neither. */
export class ProgressRow {
  readonly #read: StatementSync;
  readonly #write: StatementSync;

  constructor(database: DatabaseSync) {
    this.#read = database.prepare('SELECT * FROM progress');
    this.#write = database.prepare(
      'UPDATE progress SET next = ?, segment = ?, offset = ?, end = ?, time = ?, last = ?',
    );
  }

  read(): Progress {
    const row = this.#read.get();
    const last = row?.last;
    if (row === undefined || !(last instanceof Uint8Array)) throw new DamagedIndex('there is no progress');
    const { generation, next, segment, offset, end, time } = row;
    return {
      generation: Number(generation),
      next: Number(next),
      place: { segment: Number(segment), offset: Number(offset) },
      end: Number(end),
      time: Number(time),
      last,
    };
  }

  write({ next, place, end, time, last }: Omit<Progress, 'generation'>): void {
    this.#write.run(next, place.segment, place.offset, end, time, last);
  }
}
