import { WireError } from '@sallyport/postgres-wire';
import type { Mask } from '../../protocol.ts';
import { BinaryFields } from './copy-binary-fields.ts';
import { hideFields } from './copy-hide.ts';
import { COPY_ROW_BYTES, type CopyColumn, type CopyRows } from './copy-rows.ts';
import { replacement } from './row-plan.ts';
import { Sink } from './sink.ts';

/** Signature of the binary COPY format, from the chapter on COPY in PostgreSQL's documentation. */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const FIXED_HEADER_BYTES = SIGNATURE.length + 8;
/** The field count that ends the data. */
const TRAILER = -1;
const NULL_FIELD = Buffer.from([0xff, 0xff, 0xff, 0xff]);

/** Rows of COPY in binary format, wherever the messages were cut. Nothing is shown of a row that is not whole. */
export class BinaryRows implements CopyRows {
  readonly mask: Mask;
  /** Every row is checked, so that the end of the rows is not missed. */
  readonly readsAll = true;
  readonly #columns: readonly CopyColumn[] | null;
  readonly #replacements: readonly (Uint8Array | null)[];
  /** Whether some values have to be looked at to know what is shown instead: row by row, and once only. */
  readonly #rewrites: boolean;
  readonly #fields: BinaryFields;
  #state: 'header' | 'rows' | 'ended' = 'header';
  #held = new Sink(0);

  constructor(columns: readonly CopyColumn[] | null, mask: Mask) {
    this.mask = mask;
    this.#columns = columns;
    this.#replacements = (columns ?? []).map(({ hiding }) =>
      hiding === null ? null : replacement(hiding.form, mask.placeholder),
    );
    this.#rewrites = columns?.some(({ hiding }) => (hiding?.rewrite ?? null) !== null) ?? false;
    this.#fields = new BinaryFields(this.#replacements, columns !== null);
  }

  endsRow(): boolean {
    return false;
  }

  hide(bytes: Buffer, view: DataView, at: number, end: number, sink: Sink): number {
    return this.#idle && !this.#rewrites ? hideFields(bytes, view, at, end, this.#fields, sink) : at;
  }

  push(bytes: Buffer, start: number, end: number, sink: Sink): void {
    if (this.#held.length + end - start > COPY_ROW_BYTES)
      throw withheld(`a row is over ${COPY_ROW_BYTES} bytes`);
    let source = bytes;
    let from = start;
    let to = end;
    if (this.#held.length > 0) {
      this.#held.append(bytes.subarray(start, end));
      source = this.#held.take();
      from = 0;
      to = source.length;
    }
    let at = from;
    for (let next = this.#piece(source, at, to, sink); next > at; next = this.#piece(source, at, to, sink))
      at = next;
    if (source === bytes || at > from) {
      this.#held = new Sink(to - at);
      this.#held.append(source.subarray(at, to));
    }
  }

  finish(): void {
    if (this.#held.length > 0) throw withheld('the last row was cut');
  }

  /** Whether what comes next is the beginning of a row, or the end of them all. */
  get #idle(): boolean {
    return this.#state === 'rows' && this.#held.length === 0;
  }

  /** Writes the header or row at `at`; returns where the next begins, or `at` when it is not whole. */
  #piece(bytes: Buffer, at: number, end: number, sink: Sink): number {
    switch (this.#state) {
      case 'header':
        return this.#header(bytes, at, end, sink);
      case 'rows':
        return this.#row(bytes, at, end, sink);
      case 'ended':
        if (at < end) throw withheld('bytes follow the end of the rows');
        return at;
    }
  }

  #header(bytes: Buffer, at: number, end: number, sink: Sink): number {
    if (end - at < FIXED_HEADER_BYTES) return at;
    if (SIGNATURE.compare(bytes, at, at + SIGNATURE.length) !== 0) throw withheld('the signature is missing');
    // Flags in the upper half change the format: one that is not known cannot be read.
    if (bytes.readUInt16BE(at + SIGNATURE.length) !== 0) throw withheld('a format flag is not known');
    const extension = bytes.readInt32BE(at + SIGNATURE.length + 4);
    if (extension < 0 || extension > COPY_ROW_BYTES) throw withheld('the header has an impossible length');
    const next = at + FIXED_HEADER_BYTES + extension;
    if (next > end) return at;
    sink.append(bytes.subarray(at, next));
    this.#state = 'rows';
    return next;
  }

  #row(bytes: Buffer, at: number, end: number, sink: Sink): number {
    if (end - at < 2) return at;
    const count = bytes.readInt16BE(at);
    if (count === TRAILER) {
      sink.append(bytes.subarray(at, at + 2));
      this.#state = 'ended';
      return at + 2;
    }
    if (count < 0 || (this.#columns !== null && count !== this.#columns.length)) {
      throw withheld('a row has another number of columns than the table');
    }
    const next = rowEnd(bytes, at, end, count);
    if (next < 0) return at;
    const dirty = this.mask.suspects(bytes, at, next);
    let copied = at;
    let field = at + 2;
    for (let column = 0; column < count; column += 1) {
      const length = bytes.readInt32BE(field);
      const fieldEnd = field + 4 + Math.max(0, length);
      const shown = length < 0 ? null : this.#shown(bytes, field + 4, fieldEnd, column, dirty);
      if (shown !== null) {
        sink.append(bytes.subarray(copied, field));
        sink.append(shown);
        copied = fieldEnd;
      }
      field = fieldEnd;
    }
    sink.append(bytes.subarray(copied, next));
    return next;
  }

  /** The field to send instead, length first, or null when the value is shown as it is. */
  #shown(bytes: Buffer, start: number, end: number, column: number, dirty: boolean): Uint8Array | null {
    const hidden = this.#replacements[column] ?? null;
    if (hidden !== null) {
      const other = this.#columns?.[column]?.hiding?.rewrite?.(bytes, start, end) ?? null;
      return other === null ? hidden : fieldOf(other);
    }
    if (!dirty) return null;
    const scan = this.#columns?.[column]?.scan ?? 'opaque';
    if (scan === 'none' || !this.mask.suspects(bytes, start, end)) return null;
    const text = this.mask.scrub(bytes, start, end);
    // A type that is not known to be text cannot be rewritten: the value is withheld, also when only its bytes look so.
    if (scan === 'opaque' || scan === 'jsonb') return NULL_FIELD;
    return text === null ? null : fieldOf(text);
  }
}

/** A value with its length before it. */
function fieldOf(value: Buffer): Buffer {
  const field = Buffer.allocUnsafe(4 + value.length);
  field.writeInt32BE(value.length);
  value.copy(field, 4);
  return field;
}

/** Where the row at `at` ends; −1 when it is not whole. */
function rowEnd(bytes: Buffer, at: number, end: number, count: number): number {
  let field = at + 2;
  for (let column = 0; column < count; column += 1) {
    if (end - field < 4) return -1;
    const length = bytes.readInt32BE(field);
    if (length < -1 || length > COPY_ROW_BYTES) throw withheld('a column has an impossible length');
    field += 4 + Math.max(0, length);
    if (field > end) return -1;
  }
  return field;
}

function withheld(why: string): WireError {
  return new WireError('trailing-bytes', `binary COPY: ${why}: it is withheld`);
}
