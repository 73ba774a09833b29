import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LogError } from './log-error.ts';
import { frameBytes, maxEntryBytes, readFrame, segmentName } from './segment.ts';
import type { CompactRange } from './tree.ts';

/** Leaves hashed in one turn of the loop: about a tenth of a millisecond. */
const leavesPerSlice = 32;
const readBytes = 64 * 1024;

/**
 * Brings the Merkle tree up to date by reading back what was appended, behind the append path. What is hashed, and
 * signed, is therefore what the file holds, and a backlog costs no memory.
 */
export class Sealer {
  readonly #directory: string;
  readonly #tree: CompactRange;
  #segmentFirst: number;
  #offset: number;

  constructor(directory: string, tree: CompactRange, segmentFirst: number, offset: number) {
    this.#directory = directory;
    this.#tree = tree;
    this.#segmentFirst = segmentFirst;
    this.#offset = offset;
  }

  get tree(): CompactRange {
    return this.#tree;
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
    let sliceEnd = this.#tree.size + leavesPerSlice;
    while (this.#tree.size < size) {
      const frame = readFrame(buffer, at, filled);
      if (frame.kind === 'short') break;
      if (frame.kind === 'bad') throw this.#unreadable(path, frame.reason);
      this.#tree.add(buffer.subarray(frame.start, frame.end));
      this.#offset += frame.end - at;
      at = frame.end;
      if (this.#tree.size === sliceEnd) {
        await nextTurn();
        sliceEnd += leavesPerSlice;
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
