import { crc32 } from 'node:zlib';
import { LogError } from './log-error.ts';
import { frameBytes, maxEntryBytes } from './segment.ts';

/** Most bytes of one batch: all of it is written by one call, from one buffer. */
export const maxBatchBytes = 16 * 1024 * 1024;

const chunkBytes = 256 * 1024;
/** Chunks kept for later. */
const spareChunks = 4;

interface Chunk {
  readonly bytes: Buffer;
  /** Position of its first byte among all that was ever kept. */
  readonly first: number;
  used: number;
}

/**
 * Entries as they stand in the file. They are written from here, and stay until the disk has confirmed them: after a
 * failed sync the file's own pages can no longer be trusted, and what is here is the only sure copy.
 */
export class Frames {
  #chunks: Chunk[] = [{ bytes: Buffer.allocUnsafeSlow(chunkBytes), first: 0, used: 0 }];
  readonly #spare: Buffer[] = [];
  #confirmed = 0;
  /** End of the batch in the making, in the last chunk. */
  #end = 0;

  /** Bytes ever kept: a place to confirm up to. */
  get position(): number {
    const { first, used } = this.#last;
    return first + used;
  }

  /** Bytes kept and not confirmed. */
  get unconfirmed(): number {
    return this.position - this.#confirmed;
  }

  /** The batch in the making: bytes [from, from + count). */
  get batch(): { readonly bytes: Buffer; readonly from: number; readonly count: number } {
    const { bytes, used } = this.#last;
    return { bytes, from: used, count: this.#end - used };
  }

  /** Begins a batch; one that was not kept is forgotten. */
  begin(): void {
    this.#end = this.#last.used;
  }

  /** Adds the frame of an entry to the batch. */
  add(text: string): void {
    let wanted = text.length * 3 + frameBytes;
    if (this.#end + wanted > this.#last.bytes.length) {
      const length = Buffer.byteLength(text);
      if (length > maxEntryBytes)
        throw new LogError(
          'entry-too-large',
          `an entry of ${length} bytes is over maxEntryBytes (${maxEntryBytes})`,
        );
      wanted = length + frameBytes;
      if (this.#end + wanted > this.#last.bytes.length) this.#grow(wanted);
    }
    const { bytes, used } = this.#last;
    if (this.#end - used + wanted > maxBatchBytes && this.#end > used)
      throw new LogError('entry-too-large', `a batch of entries is over maxBatchBytes (${maxBatchBytes})`);
    const start = this.#end + frameBytes;
    const length = bytes.write(text, start, 'utf8');
    if (length > maxEntryBytes)
      throw new LogError(
        'entry-too-large',
        `an entry of ${length} bytes is over maxEntryBytes (${maxEntryBytes})`,
      );
    bytes.writeUInt32LE(length, this.#end);
    bytes.writeUInt32LE(crc32(bytes.subarray(start, start + length)), this.#end + 4);
    this.#end = start + length;
  }

  /** The batch was written: keeps it until it is confirmed. */
  keep(): void {
    this.#last.used = this.#end;
  }

  /** Everything up to this position is on disk. */
  confirm(position: number): void {
    if (position <= this.#confirmed) return;
    this.#confirmed = position;
    while (this.#chunks.length > 1 && endOf(this.#chunks[0] as Chunk) <= position) {
      const { bytes } = this.#chunks.shift() as Chunk;
      if (bytes.length === chunkBytes && this.#spare.length < spareChunks) this.#spare.push(bytes);
    }
    const { bytes } = this.#last;
    if (this.position === position && bytes.length === chunkBytes)
      this.#chunks = [{ bytes, first: position, used: 0 }];
  }

  /** The bytes from a position that is not confirmed to another; good until the next change. */
  *pieces(from: number, to: number): Generator<Buffer, void> {
    for (const { bytes, first, used } of this.#chunks) {
      const [start, end] = [Math.max(from - first, 0), Math.min(to - first, used)];
      if (start < end) yield bytes.subarray(start, end);
    }
  }

  get #last(): Chunk {
    return this.#chunks.at(-1) as Chunk;
  }

  /** Goes on in a new chunk that holds the batch so far and has room for more. */
  #grow(wanted: number): void {
    const { bytes, from, count } = this.batch;
    const room = Math.max(chunkBytes, 2 * (count + wanted));
    const larger = (room === chunkBytes ? this.#spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(room);
    bytes.copy(larger, 0, from, from + count);
    const next = { bytes: larger, first: this.position, used: 0 };
    if (from === 0) this.#chunks.pop();
    this.#chunks.push(next);
    this.#end = count;
  }
}

function endOf({ first, used }: Chunk): number {
  return first + used;
}
