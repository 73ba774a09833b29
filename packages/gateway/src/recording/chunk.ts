import { frameHeadBytes } from './format.ts';
import type { RecordedOperation } from './recording.ts';

/** Bytes of a pooled buffer: one recording's events between two flushes. */
export const chunkBytes = 64 * 1024;

/** Events that wait to be written, after room for the head of their frame. */
export interface Chunk {
  readonly bytes: Buffer;
  used: number;
  /** The last operation whose event is in this chunk: what its successor may leave out. Chunks can be read on their own. */
  previous: RecordedOperation | null;
}

/** Buffers for recordings that have something to write; a session that is idle holds none. */
export class ChunkPool {
  readonly #free: Chunk[] = [];
  readonly #keep: number;

  /** Keeps at most `keep` buffers for reuse. */
  constructor(keep = 64) {
    this.#keep = keep;
  }

  take(atLeast: number): Chunk {
    const bytes = frameHeadBytes + atLeast;
    const chunk = bytes <= chunkBytes ? this.#free.pop() : undefined;
    if (chunk !== undefined) return chunk;
    // Of its own, not a slice of a shared slab: it lives until the disk has it.
    return {
      bytes: Buffer.allocUnsafeSlow(Math.max(bytes, chunkBytes)),
      used: frameHeadBytes,
      previous: null,
    };
  }

  give(chunk: Chunk): void {
    chunk.used = frameHeadBytes;
    chunk.previous = null;
    if (chunk.bytes.length === chunkBytes && this.#free.length < this.#keep) this.#free.push(chunk);
  }
}
