/**
 * What makes a row of the store worth something where somebody's power rests on it: a row that no gateway sealed, that was changed,
 * or that is older than what was written since, counts as none. So whoever can write to the store gains nothing by it.
 */
import { createHash } from 'node:crypto';
import { BoundedMap } from '../lib/bounded-map.ts';
import { type SealedFields, sealFits, sealOf } from '../lib/seal.ts';
import type { Bus } from './bus.ts';
import { RowMarks } from './row-marks.ts';

export type SealedTable = 'passkey' | 'slack_link';

/** A row as it was read. */
export interface SealedRow {
  readonly table: SealedTable;
  /** Which row of the table. */
  readonly name: string;
  /** Whose the row says it is. */
  readonly subject: string;
  /** All of it that counts. */
  readonly fields: SealedFields;
  readonly mac: string;
  /** By what it would be known to be an older one. */
  readonly ages: readonly Age[];
}

/** `value` only grows, for all rows that have this mark: a row with less was replaced, or ended. */
export interface Age {
  readonly mark: string;
  readonly value: number;
}

/** A row that counts as none. All of it may be an attacker's. */
export interface RefusedRow {
  readonly table: SealedTable;
  /** SHA-256 of its name, hex. */
  readonly row: string;
  readonly subject: string;
  readonly why: 'seal' | 'older';
}

export interface RowSeals {
  of(table: SealedTable, fields: SealedFields): string;
  /** Rows that a gateway wrote, where it wrote nothing newer. Tells of every other, once. */
  sound<T>(read: () => Promise<readonly T[]>, described: (row: T) => SealedRow): Promise<readonly T[]>;
  /** Rows of this mark that have less are old from now on, here and on gateways that hear of it. Throws Fault `storage-unavailable`. */
  raise(mark: string, value: number): void;
  /** What the mark was raised to; 0 for none. */
  raised(mark: string): number;
  close(): void;
}

export interface RowSealDeps {
  /** The same on every gateway that shares the store. */
  readonly key: Uint8Array;
  /** Where this gateway keeps marks. */
  readonly marksFile: string;
  readonly bus: Bus;
  refused(row: RefusedRow): void;
}

const TOPIC = 'row-marks';
const WORD = /^([0-9a-f]{64})\.(\d{1,16})\.([0-9a-f]{64})$/;
/** How many refused rows are remembered as told of. */
const TOLD = 10_000;

/** Throws Fault `storage-unavailable`. */
export function createRowSeals({ key, marksFile, bus, refused }: RowSealDeps): RowSeals {
  const marks = new RowMarks(marksFile);
  const told = new BoundedMap<string, true>(TOLD);
  const objection = ({ table, fields, mac, ages }: SealedRow): RefusedRow['why'] | null => {
    if (!sealFits(key, rowFields(table, fields), mac)) return 'seal';
    return ages.some(({ mark, value }) => value < marks.get(hashOf(mark))) ? 'older' : null;
  };
  const tell = (row: SealedRow, why: RefusedRow['why']) => {
    const { table, name, subject } = row;
    const once = hashOf(JSON.stringify(row));
    if (told.has(once)) return;
    told.set(once, true);
    refused({ table, row: hashOf(name), subject, why });
  };
  // Anyone who may write to the store can send words, but only those a gateway sealed; sent again they say nothing new.
  const hear = (word: string | null): void => {
    const [, name, value, seal] = WORD.exec(word ?? '') ?? [];
    if (name === undefined || value === undefined || seal === undefined) return;
    if (sealFits(key, wordFields(name, Number(value)), seal)) marks.raise(name, Number(value));
  };
  const close = bus.subscribe(TOPIC, hear);
  return {
    of: (table, fields) => sealOf(key, rowFields(table, fields)),
    async sound(read, described) {
      const rows = await read();
      if (rows.every((row) => objection(described(row)) === null)) return rows;
      // A row that was written between reading and looking is not an older one: the store is changed first, then its mark.
      return (await read()).filter((row) => {
        const why = objection(described(row));
        if (why !== null) tell(described(row), why);
        return why === null;
      });
    },
    raise(mark, value) {
      const name = hashOf(mark);
      if (!marks.raise(name, value)) return;
      void bus.publish(TOPIC, `${name}.${value}.${sealOf(key, wordFields(name, value))}`);
    },
    raised: (mark) => marks.get(hashOf(mark)),
    close,
  };
}

function rowFields(table: SealedTable, fields: SealedFields): SealedFields {
  return [`sallyport ${table} 1`, ...fields];
}

function wordFields(name: string, value: number): SealedFields {
  return ['sallyport row mark 1', name, value];
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
