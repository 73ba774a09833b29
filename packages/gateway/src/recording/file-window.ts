import { closeSync, openSync, readSync } from 'node:fs';
import { Fault } from '../lib/fault.ts';

/** Reads a file front to back through one buffer, which grows only by what the file holds. */
export class FileWindow {
  readonly #path: string;
  readonly #fd: number;
  #buffer = Buffer.allocUnsafeSlow(64 * 1024);
  /** In the file, of buffer[0]. */
  #position = 0;
  #at = 0;
  #filled = 0;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, 'r');
    } catch (error) {
      throw new Fault('recording-unavailable', `cannot open the recording ${path}: ${String(error)}`, {
        cause: error,
      });
    }
  }

  /** Where the next byte is in the file. */
  get offset(): number {
    return this.#position + this.#at;
  }

  /** Bytes that are there beyond those that were asked for last. */
  get left(): number {
    return this.#filled - this.#at;
  }

  /** The next `count` bytes, still the next after this; null while the file has fewer. Valid until the next call. */
  peek(count: number): Buffer | null {
    while (this.#filled - this.#at < count) {
      this.#makeRoom();
      const read = this.#read();
      if (read === 0) return null;
      this.#filled += read;
    }
    return this.#buffer.subarray(this.#at, this.#at + count);
  }

  pass(count: number): void {
    this.#at += count;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #makeRoom(): void {
    if (this.#at > 0) {
      this.#buffer.copyWithin(0, this.#at, this.#filled);
      this.#position += this.#at;
      this.#filled -= this.#at;
      this.#at = 0;
    }
    if (this.#filled < this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(this.#buffer.length * 2);
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer = larger;
  }

  #read(): number {
    try {
      return readSync(
        this.#fd,
        this.#buffer,
        this.#filled,
        this.#buffer.length - this.#filled,
        this.#position + this.#filled,
      );
    } catch (error) {
      throw new Fault('recording-unavailable', `cannot read the recording ${this.#path}: ${String(error)}`, {
        cause: error,
      });
    }
  }
}
