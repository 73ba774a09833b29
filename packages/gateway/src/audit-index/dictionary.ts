import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Terms kept in memory, and the longest of them: clients choose the words. */
const KNOWN_TERMS = 100_000;
const KNOWN_CHARACTERS = 256;

const KEY_BYTES = 16;

/** Numbers for terms. In the file a term is a digest: any text at all, of one size, and it tells nobody anything. */
export class Dictionary {
  readonly #known = new Map<string, number>();
  readonly #find: StatementSync;
  readonly #insert: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT id FROM term WHERE key = ?');
    this.#insert = database.prepare('INSERT INTO term (key) VALUES (?)');
  }

  /** Null when nothing has this term. */
  find(term: string): number | null {
    const known = this.#known.get(term);
    if (known !== undefined) return known;
    const id = this.#find.get(termKey(term))?.id;
    return typeof id === 'number' ? this.#keep(term, id) : null;
  }

  /** Gives it a number when it has none; in a transaction. */
  numberOf(term: string): number {
    return this.find(term) ?? this.#keep(term, Number(this.#insert.run(termKey(term)).lastInsertRowid));
  }

  /** Forgets what is in memory: another transaction decides. */
  forget(): void {
    this.#known.clear();
  }

  #keep(term: string, id: number): number {
    if (term.length > KNOWN_CHARACTERS) return id;
    if (this.#known.size >= KNOWN_TERMS) this.#known.clear();
    this.#known.set(term, id);
    return id;
  }
}

/** In UTF-16, where every string has its own bytes: lone surrogates and NUL as well. */
export function termKey(term: string): Uint8Array {
  return hash('sha256', Buffer.from(term, 'utf16le'), 'buffer').subarray(0, KEY_BYTES);
}
