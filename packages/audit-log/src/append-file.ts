import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { LogError, systemReason } from './log-error.ts';

/** A file that only grows, by whole appends: one that fails leaves no bytes behind, or none that the next one keeps. */
export class AppendFile {
  readonly path: string;
  readonly fd: number;
  #length: number;
  /** A failed append left bytes that could not be cut yet. */
  #torn = false;

  constructor(path: string) {
    this.path = path;
    try {
      this.fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, 0o640);
      this.#length = fstatSync(this.fd).size;
    } catch (error) {
      throw new LogError('cannot-open', `cannot open ${path} for appending: ${systemReason(error)}`, {
        cause: error,
      });
    }
  }

  /** Bytes of whole appends. */
  get length(): number {
    return this.#length;
  }

  /** Writes bytes [0, count) at the end, all of them or none; LogError `write-failed` says why not. */
  append(bytes: Uint8Array, count: number): void {
    try {
      if (this.#torn) this.#cut();
      let written = writeSync(this.fd, bytes, 0, count);
      // A nearly full disk takes what fits and says so only on the next write.
      while (written < count) written += writeSync(this.fd, bytes, written, count - written);
    } catch (error) {
      this.#torn = true;
      try {
        this.#cut();
      } catch {
        // Tried again before the next append; until then recovery would cut it.
      }
      throw new LogError('write-failed', `cannot append to ${this.path}: ${systemReason(error)}`, {
        cause: error,
      });
    }
    this.#length += count;
  }

  /** Cuts what a failed append left; LogError `write-failed` when it cannot. */
  repair(): void {
    if (!this.#torn) return;
    try {
      this.#cut();
    } catch (error) {
      throw new LogError('write-failed', `cannot repair ${this.path}: ${systemReason(error)}`, {
        cause: error,
      });
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  #cut(): void {
    ftruncateSync(this.fd, this.#length);
    this.#torn = false;
  }
}
