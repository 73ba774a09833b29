/** Longest run copied by a loop: beyond it a native copy is faster, its call included. */
const LOOP_BYTES = 96;

/**
 * Where masked bytes are written: one buffer, grown when it must, that belongs to whoever takes it and is never
 * written to again. Runs of bytes go in whole; nothing is allocated per row.
 */
export class Sink {
  bytes: Buffer;
  view: DataView;
  length = 0;

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafe(capacity);
    this.view = viewOf(this.bytes);
  }

  /** Makes room for `more` bytes. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.view = viewOf(grown);
  }

  /** Copies [from, to) of a source, for which there must be room. */
  run(source: Buffer, sourceView: DataView, from: number, to: number): void {
    let at = this.length;
    if (to - from > LOOP_BYTES) {
      source.copy(this.bytes, at, from, to);
      this.length = at + to - from;
      return;
    }
    const { view } = this;
    let i = from;
    for (; i + 4 <= to; i += 4, at += 4) view.setInt32(at, sourceView.getInt32(i));
    for (; i < to; i += 1, at += 1) view.setUint8(at, sourceView.getUint8(i));
    this.length = at;
  }

  /** Appends bytes, making room. */
  append(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** What was written. The sink must not be used afterwards. */
  take(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
