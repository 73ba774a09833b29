/**
 * Builds messages into one growing buffer, so that a reply of several messages is one write.
 * Strings are written as UTF-8 with a terminating NUL; a NUL inside one is dropped, since it would end it early.
 */
export class FrameWriter {
  #bytes: Buffer;
  #at = 0;
  #frameStart = -1;

  constructor(initialBytes = 256) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#at;
  }

  /** Starts a message of this type; `end()` fills in its length. */
  begin(type: number): this {
    this.#reserve(5);
    this.#bytes[this.#at] = type;
    this.#frameStart = this.#at + 1;
    this.#at += 5;
    return this;
  }

  /** Starts a message without a type byte (start-up, SSLRequest, CancelRequest). */
  beginUntyped(): this {
    this.#reserve(4);
    this.#frameStart = this.#at;
    this.#at += 4;
    return this;
  }

  end(): this {
    this.#bytes.writeInt32BE(this.#at - this.#frameStart, this.#frameStart);
    this.#frameStart = -1;
    return this;
  }

  uint8(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
    return this;
  }

  int16(value: number): this {
    this.#reserve(2);
    this.#at = this.#bytes.writeInt16BE(value, this.#at);
    return this;
  }

  int32(value: number): this {
    this.#reserve(4);
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
    return this;
  }

  string(value: string): this {
    const text = value.includes('\0') ? value.replaceAll('\0', '') : value;
    const length = Buffer.byteLength(text);
    this.#reserve(length + 1);
    this.#at += this.#bytes.write(text, this.#at);
    this.#bytes[this.#at++] = 0;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** What was written so far, as a view; the writer starts afresh with a new buffer. */
  take(): Buffer {
    const built = this.#bytes.subarray(0, this.#at);
    this.#bytes = Buffer.allocUnsafe(256);
    this.#at = 0;
    return built;
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
