import { type HiddenForm, hiddenForm, type ScanForm } from './column-types.ts';
import type { Sink } from './sink.ts';

/** The rows of one COPY, a piece at a time. Throws WireError for what cannot be masked. */
export interface CopyRows {
  /** Whether the piece [start, end) can be delivered as it came. */
  passes(bytes: Buffer, start: number, end: number): boolean;
  push(bytes: Buffer, start: number, end: number, sink: Sink): void;
  finish(sink: Sink): void;
}

/** One column of a COPY. */
export interface CopyColumn {
  /** The class to hide, or null. */
  readonly dataClass: string | null;
  /** The type's OID, or null when the catalog does not tell. */
  readonly type: number | null;
  readonly scan: ScanForm;
}

/** Longest row of a COPY that is held until it is whole, in bytes (L10). */
export const COPY_ROW_BYTES = 256 * 1024 * 1024;

/** How a hidden value of this column is written. Without a type: as text where everything is text, else as NULL. */
export function copyForm(column: CopyColumn, binary: boolean): HiddenForm {
  return column.type === null ? (binary ? 'null' : 'text') : hiddenForm(column.type, binary);
}
