import { WireError } from './wire-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one message body and refuses to run past its end.
 * Every byte it sees is chosen by the peer, so no length is believed before it is compared with what is left.
 */
export class BodyReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  /** Reads `bytes` from `start` up to, not including, `end`. */
  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  /** An int16 that counts what follows: 0 to 65,535, since servers read it unsigned. */
  count(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** A view of the next `length` bytes, not a copy: copy what outlives the chunk. */
  bytes(length: number): Buffer {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** A NUL-terminated string (String in the protocol's notation), which must be valid UTF-8. */
  string(): string {
    const nul = this.#bytes.indexOf(0, this.#at);
    if (nul < 0 || nul >= this.#end) {
      throw new WireError('string-not-terminated', 'a string in the message has no terminating NUL');
    }
    const from = this.#at;
    this.#at = nul + 1;
    return decodeUtf8(this.#bytes.subarray(from, nul));
  }

  /** A length-prefixed value: its bytes, or null for the length −1 that stands for SQL NULL. */
  value(): Buffer | null {
    const length = this.int32();
    if (length === -1) return null;
    return this.bytes(length);
  }

  /** Fails unless everything was read: bytes left over mean the two sides disagree about the format. */
  finish(): void {
    if (this.remaining !== 0) {
      throw new WireError('trailing-bytes', `${this.remaining} bytes follow the end of the message`);
    }
  }

  #take(length: number): number {
    if (length < 0 || length > this.#end - this.#at) {
      throw new WireError('read-past-end', `${length} bytes wanted, ${this.remaining} left in the message`);
    }
    const from = this.#at;
    this.#at += length;
    return from;
  }
}

/** Decodes UTF-8, refusing what is not: a replacement character would hide what the server reads. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new WireError('invalid-utf8', 'text in the message is not valid UTF-8');
  }
}
