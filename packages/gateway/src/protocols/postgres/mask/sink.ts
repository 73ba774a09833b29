/** Longest run copied by a loop: beyond it a native copy is faster, its call included. */
const LOOP_BYTES = 96;

/** Less than this is taken from Node's own pool. */
const CLAIMED_BYTES = 8_192;
const MEMORY_BYTES = 262_144;

/**
 * Memory for the large sinks of one session, used again once everything in it was written to the client: a bulk
 * result otherwise leaves a buffer for the collector with every chunk.
 */
export class SinkMemory {
  #bytes: Buffer | null = null;
  #used = 0;

  /** Memory no other sink has, until `reset`. Undefined for what is too small or too large to be worth it. */
  claim(capacity: number): Buffer | undefined {
    if (capacity < CLAIMED_BYTES || capacity > MEMORY_BYTES) return undefined;
    if (this.#bytes === null || this.#bytes.length - this.#used < capacity) {
      this.#bytes = Buffer.allocUnsafeSlow(MEMORY_BYTES);
      this.#used = 0;
    }
    const claimed = this.#bytes.subarray(this.#used, this.#used + capacity);
    this.#used += capacity;
    return claimed;
  }

  /** Everything claimed was written, so it may be used again; or, when `pending`, it may not. */
  reset(pending: boolean): void {
    if (pending) this.#bytes = null;
    this.#used = 0;
  }

  /** Gives the memory up: an idle session holds none. */
  drop(): void {
    this.reset(true);
  }
}

/**
 * Where masked bytes are written: one buffer, grown when it must, that belongs to whoever takes it and is never
 * written to again. Runs of bytes go in whole; nothing is allocated per row.
 */
export class Sink {
  bytes: Buffer;
  view: DataView;
  length = 0;

  constructor(capacity: number, memory?: SinkMemory) {
    this.bytes = memory?.claim(capacity) ?? Buffer.allocUnsafe(capacity);
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
