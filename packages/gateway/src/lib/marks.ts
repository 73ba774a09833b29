/**
 * How what stands for a hidden value is known again when somebody writes it. A client that reads a row, changes one field
 * and writes all of it back would put the placeholder over the value.
 */

/** Stands for every hidden value, whatever its class and length. */
export const PLACEHOLDER = '***';

/** `whole`: a value is nothing but a mark, or holds one that cannot be anything else. `part`: it holds three asterisks. */
export type Mark = 'whole' | 'part';

/** What the token of a hashed value begins with, before 20 characters of base32. */
export const TOKEN_BEGINS = 'msk_';
const TOKEN = new RegExp(`${TOKEN_BEGINS}[a-z2-7]{20}`);

/** As a string in JSON, and in SQL inside a text of its own. */
const QUOTED: readonly string[] = [`"${PLACEHOLDER}"`, `'${PLACEHOLDER}'`];

/** Longest thing by which a mark is known across the border of two chunks, in bytes. */
const REACH = 32;
const LINE_END = Buffer.from('\n');

/** Whether a value is a mark, holds one, or neither. */
export function markIn(value: string): Mark | null {
  if (value === PLACEHOLDER || TOKEN.test(value)) return 'whole';
  if (!value.includes(PLACEHOLDER)) return null;
  return QUOTED.some((quoted) => value.includes(quoted)) ? 'whole' : 'part';
}

/** The same for bytes in any encoding that keeps ASCII. */
export function markInBytes(value: Uint8Array): Mark | null {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return mayHold(bytes) ? markIn(bytes.toString('latin1')) : null;
}

/** Whether a text may hold a mark: a quick look. */
export function mayHold(text: string | Buffer): boolean {
  return text.includes(PLACEHOLDER) || text.includes(TOKEN_BEGINS);
}

/** Finds marks that are a whole field in rows that come in chunks, in any format of COPY. */
export class MarkFinder {
  readonly #separators: ReadonlySet<number>;
  /** The end of what came: nothing yet is as good as a line before the first. */
  #tail: Buffer = LINE_END;

  /** `separators` are what may stand around a field beside line ends: a delimiter, a quote. */
  constructor(separators: string) {
    this.#separators = new Set(Buffer.from(`\n\r${separators}`));
  }

  /** Whether a mark came. Only the last few bytes are kept. */
  push(bytes: Buffer, start: number, end: number): boolean {
    const chunk = bytes.subarray(start, end);
    const border = Buffer.concat([this.#tail, chunk.subarray(0, REACH)]);
    const found = this.#in(border) || this.#in(chunk);
    this.#tail = chunk.length < REACH ? border.subarray(-REACH) : Buffer.from(chunk.subarray(-REACH));
    return found;
  }

  /** Whether the rows end with one. */
  finish(): boolean {
    return this.#in(Buffer.concat([this.#tail, LINE_END]));
  }

  /** A mark at either end of the bytes is none yet: what stands beside it decides. */
  #in(bytes: Buffer): boolean {
    if (!mayHold(bytes)) return false;
    if (TOKEN.test(bytes.toString('latin1'))) return true;
    for (let at = bytes.indexOf(PLACEHOLDER); at >= 0; at = bytes.indexOf(PLACEHOLDER, at + 1)) {
      const next = bytes[at + PLACEHOLDER.length];
      const before = bytes[at - 1];
      const alone = before !== undefined && next !== undefined && this.#separates(before, next);
      if (alone || isCounted(bytes, at)) return true;
    }
    return false;
  }

  #separates(before: number, next: number): boolean {
    return this.#separators.has(before) && this.#separators.has(next);
  }
}

/** A field of exactly this length in binary format: its length stands before it (COPY, file formats). */
function isCounted(bytes: Buffer, at: number): boolean {
  return at >= 4 && bytes.readInt32BE(at - 4) === PLACEHOLDER.length;
}
