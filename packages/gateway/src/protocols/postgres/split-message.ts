import { MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';

/**
 * Gathers the one message of a stream that chunks cut in two. Only that message is copied; its memory is set aside
 * once its length is known and was compared with the limit (L10), so a peer never chooses an allocation.
 */
export class SplitMessage {
  readonly #maxBytes: number;
  #bytes: Buffer | null = null;
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a message waits for its rest. */
  get waiting(): boolean {
    return this.#bytes !== null;
  }

  /** The message that starts at `at` is not whole in this chunk: keeps what is there. */
  begin(chunk: Buffer, at: number): void {
    const known = chunk.length - at >= MESSAGE_HEADER_BYTES;
    this.#bytes = Buffer.allocUnsafe(known ? this.length(chunk, at) : MESSAGE_HEADER_BYTES);
    this.#filled = chunk.copy(this.#bytes, 0, at);
  }

  /** Takes what the message still needs from `at` on; returns how many bytes that were. */
  add(chunk: Buffer, at: number): number {
    if (this.#bytes === null) return 0;
    const taken = chunk.copy(this.#bytes, this.#filled, at);
    this.#filled += taken;
    if (this.#filled === MESSAGE_HEADER_BYTES && this.#bytes.length === MESSAGE_HEADER_BYTES) {
      const header = this.#bytes;
      this.#bytes = Buffer.allocUnsafe(this.length(header, 0));
      header.copy(this.#bytes);
    }
    return taken;
  }

  /** The message once it is whole, and then no more; null before. */
  whole(): Buffer | null {
    const bytes = this.#bytes;
    if (bytes === null || this.#filled < bytes.length) return null;
    this.#bytes = null;
    this.#filled = 0;
    return bytes;
  }

  /** Length of the message whose header is at `at`, type byte included. Throws WireError on one that cannot be. */
  length(bytes: Buffer, at: number): number {
    const length = bytes.readInt32BE(at + 1);
    if (length < 4) throw new WireError('length-below-minimum', `a message says it is ${length} bytes long`);
    if (length >= this.#maxBytes) {
      throw new WireError(
        'length-over-limit',
        `a message of ${length} bytes is over the limit of ${this.#maxBytes} (replyMessageBytes)`,
      );
    }
    return length + 1;
  }
}
