import { MESSAGE_HEADER_BYTES } from './message-types.ts';
import { WireError } from './wire-error.ts';

/** Called once per whole message: the body is `bytes[start, end)`, a view that is only good during the call. */
export type FrameHandler = (type: number, bytes: Buffer, start: number, end: number) => void;

/**
 * Cuts a byte stream into whole messages, however the stream was split.
 *
 * A message inside one chunk is handed over as a view of that chunk. A message that spans chunks is gathered in one
 * buffer of exactly its length, allocated only after the length was compared with the limit (L10): the peer chooses
 * the length, so it must never choose an allocation.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #partial: Buffer | null = null;
  #filled = 0;

  /** `maxBytes` is the largest message accepted, header included. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Feeds one chunk; calls `handle` for every message it completes. Throws WireError on a length that cannot be. */
  push(chunk: Buffer, handle: FrameHandler): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#partial !== null) {
        at += this.#gather(chunk, at, handle);
        continue;
      }
      const left = chunk.length - at;
      const total = left >= MESSAGE_HEADER_BYTES ? this.#totalLength(chunk, at) : MESSAGE_HEADER_BYTES;
      if (left >= MESSAGE_HEADER_BYTES && left >= total) {
        const end = at + total;
        handle(chunk[at] as number, chunk, at + MESSAGE_HEADER_BYTES, end);
        at = end;
        continue;
      }
      this.#partial = Buffer.allocUnsafe(total);
      this.#filled = chunk.copy(this.#partial, 0, at);
      return;
    }
  }

  /** Bytes held back because their message is not whole yet. */
  get pendingBytes(): number {
    return this.#partial === null ? 0 : this.#filled;
  }

  /** Adds to the message being gathered; returns how many bytes of the chunk it took. */
  #gather(chunk: Buffer, at: number, handle: FrameHandler): number {
    let partial = this.#partial as Buffer;
    const taken = Math.min(partial.length - this.#filled, chunk.length - at);
    chunk.copy(partial, this.#filled, at, at + taken);
    this.#filled += taken;
    if (this.#filled < partial.length) return taken;
    const total = this.#totalLength(partial, 0);
    if (total > partial.length) {
      // Only the header had arrived: now the true length is known.
      const whole = Buffer.allocUnsafe(total);
      partial.copy(whole, 0, 0, this.#filled);
      this.#partial = whole;
      return taken;
    }
    partial = partial.subarray(0, total);
    this.#partial = null;
    this.#filled = 0;
    handle(partial[0] as number, partial, MESSAGE_HEADER_BYTES, total);
    return taken;
  }

  #totalLength(bytes: Buffer, at: number): number {
    const length = bytes.readInt32BE(at + 1);
    if (length < 4) {
      throw new WireError(
        'length-below-minimum',
        `a message says it is ${length} bytes long; the least is 4`,
      );
    }
    const total = length + 1;
    if (total > this.#maxBytes) {
      throw new WireError(
        'length-over-limit',
        `a message of ${total} bytes is over the limit of ${this.#maxBytes}`,
      );
    }
    return total;
  }
}
