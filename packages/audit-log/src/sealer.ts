import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LogError } from './log-error.ts';
import { frameBytes, maxEntryBytes, readFrame, segmentName } from './segment.ts';
import { CompactRange } from './tree.ts';

/** Leaves hashed in one turn of the loop: about a tenth of a millisecond. */
const leavesPerSlice = 32;
const readBytes = 64 * 1024;

/** How far a log is in its tree; small, and can be sent to a thread. */
export interface SealState {
  /** Entries in the tree. */
  readonly size: number;
  /** The compact range over them. */
  readonly roots: readonly Uint8Array[];
  /** The segment of the next entry, by the `seq` it begins with, and where in it that entry starts. */
  readonly segmentFirst: number;
  readonly offset: number;
}

/**
 * Brings the Merkle tree up to date by reading back what was appended, behind the append path. What is hashed, and
 * signed, is therefore what the file holds, and a backlog costs no memory.
 */
export class Sealer {
  readonly #directory: string;
  readonly #leavesPerSlice: number;
  #tree = new CompactRange();
  #segmentFirst = 0;
  #offset = 0;

  constructor(directory: string, state: SealState, slice = leavesPerSlice) {
    this.#directory = directory;
    this.#leavesPerSlice = slice;
    this.reset(state);
  }

  get size(): number {
    return this.#tree.size;
  }

  get state(): SealState {
    return {
      size: this.#tree.size,
      roots: this.#tree.roots,
      segmentFirst: this.#segmentFirst,
      offset: this.#offset,
    };
  }

  root(): Buffer {
    return this.#tree.root();
  }

  /** Goes on from what another sealer of the same log came to. */
  reset(state: SealState): void {
    this.#tree = new CompactRange(
      state.size,
      state.roots.map((root) => Buffer.from(root)),
    );
    this.#segmentFirst = state.segmentFirst;
    this.#offset = state.offset;
  }

  /** Adds every entry below `size`, all of which are in the file. */
  async advance(size: number): Promise<void> {
    while (this.#tree.size < size) {
      await this.#readOn(size);
      if (this.#tree.size < size) {
        this.#segmentFirst = this.#tree.size;
        this.#offset = 0;
      }
    }
  }

  /** Adds entries until `size` or the end of the current segment. */
  async #readOn(size: number): Promise<void> {
    const path = join(this.#directory, segmentName(this.#segmentFirst));
    const file = await open(path, 'r');
    try {
      let buffer = Buffer.allocUnsafe(readBytes);
      while (this.#tree.size < size) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
        if (bytesRead === 0) {
          if (this.#offset > 0 || this.#segmentFirst < this.#tree.size) return;
          throw new LogError('damaged', `${path} has no entry ${this.#tree.size}, which was appended`);
        }
        const used = await this.#addAll(buffer, bytesRead, size, path);
        if (used === 0) {
          if (buffer.length > maxEntryBytes)
            throw this.#unreadable(path, 'an entry that was appended is cut short');
          buffer = Buffer.allocUnsafe(frameBytes + maxEntryBytes);
        }
      }
    } finally {
      await file.close();
    }
  }

  /** Adds the whole entries of a piece of the file; the bytes they took. */
  async #addAll(buffer: Buffer, filled: number, size: number, path: string): Promise<number> {
    let at = 0;
    let sliceEnd = this.#tree.size + this.#leavesPerSlice;
    while (this.#tree.size < size) {
      const frame = readFrame(buffer, at, filled);
      if (frame.kind === 'short') break;
      if (frame.kind === 'bad') throw this.#unreadable(path, frame.reason);
      this.#tree.add(frame.entry);
      this.#offset += frame.end - at;
      at = frame.end;
      if (this.#tree.size === sliceEnd) {
        await nextTurn();
        sliceEnd += this.#leavesPerSlice;
      }
    }
    return at;
  }

  #unreadable(path: string, reason: string): LogError {
    const place = { file: segmentName(this.#segmentFirst), offset: this.#offset };
    return new LogError('damaged', `${path} changed under the gateway at byte ${this.#offset}: ${reason}`, {
      place,
    });
  }
}
