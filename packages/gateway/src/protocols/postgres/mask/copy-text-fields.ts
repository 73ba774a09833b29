import type { HiddenFields } from './copy-hide.ts';

const NEWLINE = 0x0a;
/** A byte times this is a word of four of them. */
const EVERY_BYTE = 0x01010101;
const NEWLINES = NEWLINE * EVERY_BYTE;
/** What a byte means to a row: most mean nothing. */
const DELIMITER = 1;
const ESCAPE = 2;
const QUOTE = 3;
const ROW_END = 4;

/** The bytes that make up the format; `quote` and `escape` as numbers no byte has where there is none. */
export interface TextSyntax {
  readonly delimiter: number;
  readonly quote: number;
  readonly escape: number;
  readonly nullText: Uint8Array;
}

/** Finds the hidden values of a row in text or CSV format: four bytes at a step, since most mean nothing. */
export class TextFields implements HiddenFields {
  readonly replacements: readonly Uint8Array[];
  readonly spans: Int32Array;
  /** As many as every row must have; −1 when nothing depends on it. */
  readonly #columns: number;
  /** The numbers of the hidden columns, then one no column has. */
  readonly #hidden: Int32Array;
  readonly #kinds = new Uint8Array(256);
  readonly #delimiters: number;
  readonly #specials: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #nullText: Uint8Array;

  /** `replacements` has null for a column that is shown; it is empty when the columns are not known. */
  constructor(replacements: readonly (Uint8Array | null)[], counts: boolean, syntax: TextSyntax) {
    this.replacements = replacements.filter((replacement) => replacement !== null);
    this.spans = new Int32Array(2 * this.replacements.length);
    this.#columns = counts ? replacements.length : -1;
    const columns = replacements.flatMap((replacement, column) => (replacement === null ? [] : [column]));
    this.#hidden = Int32Array.from([...columns, -1]);
    this.#quote = syntax.quote;
    this.#escape = syntax.escape;
    this.#nullText = syntax.nullText;
    // Within CSV an escape means something inside quotes only.
    const quoted = syntax.quote >= 0;
    const special = quoted ? syntax.quote : syntax.escape;
    this.#kinds[syntax.delimiter] = DELIMITER;
    this.#kinds[NEWLINE] = ROW_END;
    this.#kinds[special] = quoted ? QUOTE : ESCAPE;
    this.#delimiters = Math.imul(syntax.delimiter, EVERY_BYTE);
    this.#specials = Math.imul(special, EVERY_BYTE);
  }

  locate(bytes: Buffer, start: number, end: number, view: DataView): boolean {
    const last = end - 1;
    if (last < start || bytes[last] !== NEWLINE) return false;
    const hidden = this.#hidden;
    let slot = 0;
    let column = 0;
    let field = start;
    for (
      let at = this.#next(bytes, view, start, last);
      at < last;
      at = this.#next(bytes, view, at + 1, last)
    ) {
      const kind = this.#kinds[bytes[at] as number];
      if (kind === DELIMITER) {
        if (column === hidden[slot]) this.#found(bytes, field, at, slot++);
        column += 1;
        field = at + 1;
        continue;
      }
      // Another row begins in the message.
      if (kind === ROW_END) return false;
      at = kind === ESCAPE ? at + 1 : this.#quoteEnd(bytes, at + 1, last);
      // Or this one goes on after it: its newline is escaped or quoted.
      if (at >= last) return false;
    }
    if (column === hidden[slot]) this.#found(bytes, field, last, slot);
    return this.#columns < 0 || column + 1 === this.#columns;
  }

  /** The first byte of [from, end) that means something, or `end`. Looks at four at once. */
  #next(bytes: Buffer, view: DataView, from: number, end: number): number {
    const delimiters = this.#delimiters;
    const specials = this.#specials;
    let at = from;
    for (; at + 4 <= end; at += 4) {
      const word = view.getInt32(at, true);
      const found = zeroes(word ^ delimiters) | zeroes(word ^ specials) | zeroes(word ^ NEWLINES);
      // The lowest bit is that of the first byte.
      if (found !== 0) return at + ((31 - Math.clz32(found & -found)) >> 3);
    }
    while (at < end && this.#kinds[bytes[at] as number] === 0) at += 1;
    return at;
  }

  /** The quote that ends what one before `from` began, or `end`. One that is doubled ends it too, and begins it again. */
  #quoteEnd(bytes: Buffer, from: number, end: number): number {
    for (let at = from; at < end; at += 1) {
      const byte = bytes[at];
      if (byte === this.#quote) return at;
      if (byte === this.#escape) at += 1;
    }
    return end;
  }

  #found(bytes: Buffer, start: number, end: number, slot: number): void {
    this.spans[2 * slot] = this.isNull(bytes, start, end) ? -1 : start;
    this.spans[2 * slot + 1] = end;
  }

  /** Whether the field [start, end) is the null marker, as it is written. */
  isNull(bytes: Buffer, start: number, end: number): boolean {
    const text = this.#nullText;
    if (end - start !== text.length) return false;
    for (let i = 0; i < text.length; i += 1) if (bytes[start + i] !== text[i]) return false;
    return true;
  }
}

/**
 * The highest bit of every byte of the word that is zero, and maybe of bytes after the first of them (a borrow
 * reaches them).
 */
function zeroes(word: number): number {
  return (word - EVERY_BYTE) & ~word & 0x80808080;
}
