/** Values that are nowhere else: whoever finds one found a leak. */
import { randomOf } from '../conformance/raw-clients.ts';

/** One value of one cell, in every way PostgreSQL itself writes it. */
export interface Canary {
  /** Table, column and row, for whoever reads that it leaked. */
  readonly where: string;
  /** The value as text, and other spellings of it by the server. */
  readonly texts: readonly string[];
  /** The value in binary format, where it is long enough to be told from other bytes. */
  readonly raw: readonly Buffer[];
  /** Whether a half of it alone is too much of a coincidence. */
  readonly halves: boolean;
}

export type Kind = 'word' | 'int8' | 'numeric' | 'date' | 'bytea' | 'uuid';

const LETTERS = 'abcdefghijkmnopqrstuvwxyz';
const MIXED = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const DAY_MS = 86_400_000;
/** PostgreSQL counts days from here in binary format. */
const EPOCH_2000 = Date.UTC(2000, 0, 1);

/** Makes canaries; the same seed makes the same ones. */
export class CanaryPress {
  readonly all: Canary[] = [];
  readonly #next: (below: number) => number;

  constructor(seed: number) {
    this.#next = randomOf(seed);
  }

  /** A new value; its text as an SQL literal takes it. */
  make(kind: Kind, where: string): string {
    const canary = this.#canary(kind, where);
    this.all.push(canary);
    return canary.texts[0] ?? '';
  }

  #canary(kind: Kind, where: string): Canary {
    switch (kind) {
      case 'word': {
        // It begins with a letter, so that it is a name in SQL, JSON and XML too; the digit keeps it from being a time zone of
        // POSIX (three letters and an offset), which a server accepts and says nothing about.
        const text = this.#pick(LETTERS, 1) + this.#pick('0123456789', 1) + this.#pick(MIXED, 18);
        return { where, texts: [text], raw: [], halves: true };
      }
      case 'int8': {
        const text = this.#pick('12345678', 1) + this.#pick('0123456789', 17);
        const value = Buffer.alloc(8);
        value.writeBigInt64BE(BigInt(text));
        return { where, texts: [text, BigInt(text).toString(16)], raw: [value], halves: false };
      }
      case 'numeric': {
        const text = `${this.#pick('123456789', 1)}${this.#pick('0123456789', 15)}.${this.#pick('123456789', 4)}`;
        const groups = [...text.replace('.', '').matchAll(/\d{4}/g)].map(([digits]) => Number(digits));
        const value = Buffer.alloc(groups.length * 2);
        for (const [i, group] of groups.entries()) value.writeInt16BE(group, i * 2);
        return { where, texts: [text], raw: [value], halves: false };
      }
      case 'date':
        return this.#date(where);
      case 'uuid':
      case 'bytea': {
        const value = Buffer.from(Array.from({ length: 16 }, () => this.#next(256)));
        const hex = value.toString('hex');
        const text =
          kind === 'bytea' ? `\\x${hex}` : hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
        return { where, texts: [text], raw: [value], halves: kind === 'bytea' };
      }
    }
  }

  #date(where: string): Canary {
    // Of a year with six digits, so that no other number is one by chance.
    const days = 40_000_000 + this.#next(50_000_000);
    const iso = new Date(EPOCH_2000 + days * DAY_MS).toISOString().slice(1, 13);
    const [year, month, day] = iso.split('-');
    const texts = [iso, `${day}-${month}-${year}`, `${month}-${day}-${year}`];
    texts.push(String(EPOCH_2000 / 1_000 + (days * DAY_MS) / 1_000));
    // With the length it has on the wire: four bytes alone are no surprise.
    const value = Buffer.alloc(8);
    value.writeInt32BE(4);
    value.writeInt32BE(days, 4);
    return { where, texts, raw: [value], halves: false };
  }

  #pick(from: string, count: number): string {
    return Array.from({ length: count }, () => from[this.#next(from.length)]).join('');
  }
}
