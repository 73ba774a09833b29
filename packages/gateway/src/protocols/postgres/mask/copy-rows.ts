import type { Mask } from '../../protocol.ts';
import type { ScanForm } from './column-types.ts';
import type { Hiding } from './hiding.ts';
import type { Sink } from './sink.ts';

/**
 * The rows of one COPY, in the order in which they come. Throws WireError for what cannot be masked.
 * `push` alone is right for every cut of the rows; `hide` does the same, faster, for what servers really send.
 */
export interface CopyRows {
  readonly mask: Mask;
  /** Whether every row must be read: false when only rows in which something is suspected need be. */
  readonly readsAll: boolean;
  /** Where not every row is read: whether the message body [start, end) is whole rows and may pass by `push`. */
  endsRow(bytes: Buffer, view: DataView, start: number, end: number): boolean;
  /**
   * Writes CopyData messages from `at` on with their columns hidden, for as long as each is exactly one row. Returns
   * where it stopped. Nothing in them was looked for yet; pushing such a message does just that.
   */
  hide(bytes: Buffer, view: DataView, at: number, end: number, sink: Sink): number;
  /** Takes the body [start, end) of one message and writes what can be shown of the rows that are whole by now. */
  push(bytes: Buffer, start: number, end: number, sink: Sink): void;
  finish(sink: Sink): void;
}

/** One column of a COPY. */
export interface CopyColumn {
  /** How its values are hidden, or null. */
  readonly hiding: Hiding | null;
  readonly scan: ScanForm;
}

/** Longest row of a COPY that is held until it is whole, in bytes (L10). */
export const COPY_ROW_BYTES = 256 * 1024 * 1024;
