import type { HiddenFields } from './copy-hide.ts';

/** Finds the hidden values of a row in binary format. What is sent instead of one has a length of its own. */
export class BinaryFields implements HiddenFields {
  readonly replacements: readonly Uint8Array[];
  readonly spans: Int32Array;
  /** As many as every row must have; −1 when that is not known. */
  readonly #columns: number;
  /** The numbers of the hidden columns, then one no column has. */
  readonly #hidden: Int32Array;

  /** `replacements` has null for a column that is shown; it is empty when the columns are not known. */
  constructor(replacements: readonly (Uint8Array | null)[], known: boolean) {
    this.replacements = replacements.filter((replacement) => replacement !== null);
    this.spans = new Int32Array(2 * this.replacements.length);
    this.#columns = known ? replacements.length : -1;
    const columns = replacements.flatMap((replacement, column) => (replacement === null ? [] : [column]));
    this.#hidden = Int32Array.from([...columns, -1]);
  }

  locate(_bytes: Buffer, start: number, end: number, view: DataView): boolean {
    if (end - start < 2) return false;
    const count = view.getInt16(start);
    // A negative one is no row but the end of them.
    if (count < 0 || (this.#columns >= 0 && count !== this.#columns)) return false;
    let slot = 0;
    let field = start + 2;
    for (let column = 0; column < count; column += 1) {
      if (end - field < 4) return false;
      const length = view.getInt32(field);
      if (length < -1 || length > end - field - 4) return false;
      const next = field + 4 + (length < 0 ? 0 : length);
      if (column === this.#hidden[slot]) {
        this.spans[2 * slot] = length < 0 ? -1 : field;
        this.spans[2 * slot + 1] = next;
        slot += 1;
      }
      field = next;
    }
    return field === end;
  }
}
