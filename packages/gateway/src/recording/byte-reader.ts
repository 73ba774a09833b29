/** A field would run past the end of its event. */
export class PastEnd extends Error {
  override readonly name = 'PastEnd';
}

/** Reads fields off bytes nobody vouches for; never past the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  i32(): number {
    return this.#bytes.readInt32LE(this.#take(4));
  }

  f64(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  /** A copy: the bytes below are reused. */
  bytes(count: number): Buffer {
    const start = this.#take(count);
    return Buffer.from(this.#bytes.subarray(start, start + count));
  }

  text(count: number): string {
    const start = this.#take(count);
    return this.#bytes.toString('utf8', start, start + count);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start) throw new PastEnd(`it ends ${count - this.left} bytes too early`);
    this.#at = start + count;
    return start;
  }
}
