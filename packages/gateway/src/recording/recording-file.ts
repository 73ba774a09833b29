import {
  close,
  closeSync,
  constants,
  fdatasync,
  open,
  openSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';

/** Ticks without anything to write after which the file of a quiet session is closed until there is. */
const quietTicks = 20;

/** What a recording asks of the disk; tests put one that fails in its place. */
export interface Disk {
  readonly open: typeof open;
  readonly write: typeof write;
  readonly fdatasync: typeof fdatasync;
}

export const realDisk: Disk = { open, write, fdatasync };

/** The file of one recording: written at offsets, behind; closed while the session is quiet. */
export class RecordingFile {
  readonly path: string;
  readonly #disk: Disk;
  #fd: number | null;
  #length = 0;
  #quiet = 0;

  /** Makes the file with its first bytes, at once: a session that cannot be recorded does not start. */
  constructor(path: string, first: Uint8Array, disk: Disk) {
    this.path = path;
    this.#disk = disk;
    this.#fd = openSync(path, 'wx', 0o640);
    try {
      while (this.#length < first.length) this.#length += writeSync(this.#fd, first, this.#length);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Bytes in the file that were appended whole. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends bytes [0, count), then calls back. One append at a time. One that failed has appended nothing: the next
   * writes over what it left, through a file that is opened again, which is all a disk that was repaired may need.
   */
  append(bytes: Buffer, count: number, done: (error: Error | null) => void): void {
    this.#quiet = 0;
    const appended = (error: Error | null): void => {
      if (error === null) this.#length += count;
      else this.release();
      done(error);
    };
    if (this.#fd !== null) {
      this.#write(this.#fd, bytes, 0, count, appended);
      return;
    }
    this.#disk.open(this.path, constants.O_WRONLY | constants.O_NOFOLLOW, (error, fd) => {
      if (error !== null) {
        done(error);
        return;
      }
      this.#fd = fd;
      this.#write(fd, bytes, 0, count, appended);
    });
  }

  /** Puts everything on disk and closes. */
  finish(done: (error: Error | null) => void): void {
    const fd = this.#fd;
    this.#fd = null;
    if (fd === null) done(null);
    else this.#disk.fdatasync(fd, (error) => close(fd, (closeError) => done(error ?? closeError ?? null)));
  }

  /** Called on every tick with nothing to write; false once the file is closed. */
  rest(): boolean {
    if (this.#fd === null) return false;
    if (++this.#quiet < quietTicks) return true;
    this.release();
    return false;
  }

  release(): void {
    const fd = this.#fd;
    this.#fd = null;
    // What was written since the last append that was confirmed is written again.
    if (fd !== null) close(fd, () => undefined);
  }

  /** Takes back a recording that never began. */
  discard(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    unlinkSync(this.path);
  }

  #write(fd: number, bytes: Buffer, from: number, count: number, done: (error: Error | null) => void): void {
    this.#disk.write(fd, bytes, from, count - from, this.#length + from, (error, written) => {
      if (error !== null) done(error);
      // A nearly full disk takes what fits and says so only on the next write.
      else if (from + written < count) this.#write(fd, bytes, from + written, count, done);
      else done(null);
    });
  }
}
