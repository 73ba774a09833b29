import { LogError, systemReason } from './log-error.ts';
import { type LogFiles, writeAll } from './log-files.ts';

/** A file that only grows, by whole appends: one that fails leaves no bytes behind, or none that the next one keeps. */
export class AppendFile {
  readonly path: string;
  readonly fd: number;
  readonly #files: LogFiles;
  #length: number;
  /** A failed append left bytes that could not be cut yet. */
  #torn = false;

  constructor(files: LogFiles, path: string) {
    this.#files = files;
    this.path = path;
    try {
      this.fd = files.open(path);
      this.#length = files.size(this.fd);
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

  /** Writes bytes [from, from + count) at the end, all of them or none; LogError `write-failed` says why not. */
  append(bytes: Uint8Array, from: number, count: number): void {
    try {
      if (this.#torn) this.#cut();
      writeAll(this.#files, this.fd, bytes, from, count);
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
    this.#files.close(this.fd);
  }

  #cut(): void {
    this.#files.truncate(this.fd, this.#length);
    this.#torn = false;
  }
}
