/** Following a log that is being written, from any entry on, without reading what came before it again. */
import { statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { LogError, systemReason } from './log-error.ts';
import { frameBytes, listSegments, maxEntryBytes, readFrame, segmentName } from './segment.ts';

/** Where an entry begins: its index, and its place in the files. Only `seq` counts; the rest saves looking for it. */
export interface TailPosition {
  readonly seq: number;
  /** `seq` of the first entry in its segment. */
  readonly segment: number;
  readonly offset: number;
}

/** One entry as it stands in the log: the canonical JSON that is the leaf of the tree. */
export interface TailEntry {
  readonly seq: number;
  readonly text: string;
}

export interface TailBatch {
  readonly entries: readonly TailEntry[];
  /** Where the entry after these begins, or will. */
  readonly next: TailPosition;
}

export interface TailLimits {
  readonly entries: number;
  /** Bytes of entries after which no other is taken; one entry is given whatever its size. */
  readonly bytes: number;
}

/** Bytes read at a time, and checked before others get a turn. */
const readBytes = 256 * 1024;

/**
 * Reads a log from one entry on, while another writes it. Nothing is remembered of a read but where it ended: what is
 * half written is read again. It checks framing and order, not signatures: `verifyLog` does.
 */
export class LogTail {
  readonly #directory: string;
  #file: { readonly segment: number; readonly handle: FileHandle } | null = null;
  #buffer = Buffer.allocUnsafeSlow(readBytes);

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The position of the first entry there is, or would be. */
  first(): TailPosition {
    const segment = segmentsOf(this.#directory)[0]?.first ?? 0;
    return { seq: segment, segment, offset: 0 };
  }

  /**
   * The entries from a position on; none when there are none yet. LogError `gone` when the log begins after it,
   * `damaged` for bytes that are no entry or not the one expected.
   */
  async read(from: TailPosition, limits: TailLimits): Promise<TailBatch> {
    let position = await this.#find(from);
    const entries: TailEntry[] = [];
    let bytes = 0;
    for (;;) {
      const chunk = await this.#readChunk(position);
      let at = 0;
      for (;;) {
        const frame = readFrame(chunk, at, chunk.length);
        if (frame.kind === 'bad') throw damaged(position, frame.reason);
        if (frame.kind === 'short') break;
        const size = frame.entry.length;
        if (entries.length > 0 && bytes + size > limits.bytes) return { entries, next: position };
        const text = frame.entry.toString('utf8');
        if (entries.length === 0) assertIs(text, position);
        entries.push({ seq: position.seq, text });
        bytes += size;
        position = after(position, frame.end - at);
        at = frame.end;
        if (entries.length >= limits.entries || bytes >= limits.bytes) return { entries, next: position };
      }
      if (at > 0 || (await this.#isWrittenAnew())) continue;
      const following = this.#following(position);
      if (following === null) return { entries, next: position };
      position = following;
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.handle.close();
  }

  /** The position made good: its entry is where it says, or is looked for from the beginning of its segment. */
  async #find(from: TailPosition): Promise<TailPosition> {
    if (this.#file?.segment === from.segment) return from;
    const segments = segmentsOf(this.#directory);
    const first = segments[0]?.first ?? 0;
    if (from.seq < first) {
      const lost = `entries ${from.seq} to ${first - 1} are not in ${this.#directory} any more: they were removed before they were read`;
      throw new LogError('gone', lost);
    }
    const segment = segments.findLast((one) => one.first <= from.seq)?.first;
    if (segment === undefined || segment === from.seq) return { ...from, segment: from.seq, offset: 0 };
    if (segment === from.segment && (await this.#isAt(from))) return from;
    return this.#skipTo(from.seq, segment);
  }

  /** Whether the entry at this place is the one it is said to be, or is not there yet. */
  async #isAt(position: TailPosition): Promise<boolean> {
    if (position.offset > (await (await this.#open(position.segment)).stat()).size) return false;
    const chunk = await this.#readChunk(position);
    const frame = readFrame(chunk, 0, chunk.length);
    // The end of the segment proves nothing about the entries before it.
    return frame.kind === 'entry' && seqOf(frame.entry.toString('utf8')) === position.seq;
  }

  async #skipTo(seq: number, segment: number): Promise<TailPosition> {
    let position: TailPosition = { seq: segment, segment, offset: 0 };
    for (;;) {
      const chunk = await this.#readChunk(position);
      let at = 0;
      while (position.seq < seq) {
        const frame = readFrame(chunk, at, chunk.length);
        if (frame.kind === 'bad') throw damaged(position, frame.reason);
        if (frame.kind === 'short') break;
        position = after(position, frame.end - at);
        at = frame.end;
      }
      if (position.seq === seq) return position;
      if (at > 0) continue;
      const end = `the log ends at entry ${position.seq}, and entry ${seq} is asked for: entries are missing`;
      throw new LogError('damaged', end);
    }
  }

  /** Whether another file has taken the segment's name, as after a sync that failed; then that one is read on. */
  async #isWrittenAnew(): Promise<boolean> {
    if (this.#file === null) return false;
    const { segment, handle } = this.#file;
    const named = statSync(join(this.#directory, segmentName(segment)), { throwIfNoEntry: false });
    if (named === undefined || named.ino === (await handle.stat()).ino) return false;
    await this.close();
    return true;
  }

  /** The next segment, once this one is read to its end: only then does it begin with the entry wanted. */
  #following({ seq, segment }: TailPosition): TailPosition | null {
    const isThere = segmentsOf(this.#directory).some(({ first }) => first === seq && first > segment);
    return isThere ? { seq, segment: seq, offset: 0 } : null;
  }

  /** Bytes from there on; good until the next call. */
  async #readChunk({ segment, offset }: TailPosition): Promise<Buffer> {
    const handle = await this.#open(segment, offset === 0);
    if (handle === null) return Buffer.alloc(0);
    let filled = await fill(handle, this.#buffer, 0, offset);
    if (filled === this.#buffer.length && readFrame(this.#buffer, 0, filled).kind === 'short') {
      // One entry larger than what is read at a time.
      const read = this.#buffer;
      this.#buffer = Buffer.allocUnsafeSlow(frameBytes + maxEntryBytes);
      read.copy(this.#buffer, 0, 0, filled);
      filled += await fill(handle, this.#buffer, filled, offset + filled);
    }
    return this.#buffer.subarray(0, filled);
  }

  async #open(segment: number): Promise<FileHandle>;
  async #open(segment: number, mayBeAbsent: boolean): Promise<FileHandle | null>;
  async #open(segment: number, mayBeAbsent = false): Promise<FileHandle | null> {
    if (this.#file?.segment === segment) return this.#file.handle;
    const path = join(this.#directory, segmentName(segment));
    try {
      const handle = await open(path, 'r');
      await this.close();
      this.#file = { segment, handle };
      return handle;
    } catch (cause) {
      // A log without any entry has no segment yet.
      if (mayBeAbsent && (cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new LogError('cannot-open', `cannot open ${path} for reading: ${systemReason(cause)}`, { cause });
    }
  }
}

async function fill(handle: FileHandle, into: Buffer, start: number, position: number): Promise<number> {
  let filled = start;
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled - start);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled - start;
}

function after({ seq, segment, offset }: TailPosition, bytes: number): TailPosition {
  return { seq: seq + 1, segment, offset: offset + bytes };
}

function segmentsOf(directory: string): ReturnType<typeof listSegments> {
  try {
    return listSegments(directory);
  } catch (cause) {
    throw new LogError('cannot-open', `cannot read the directory ${directory}: ${systemReason(cause)}`, {
      cause,
    });
  }
}

/** A segment put in place of another must not be read on from the middle. */
function assertIs(text: string, position: TailPosition): void {
  if (seqOf(text) !== position.seq) throw damaged(position, `this is not entry ${position.seq}`);
}

function seqOf(text: string): number | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'seq' in value ? Number(value.seq) : null;
  } catch {
    return null;
  }
}

function damaged({ segment, offset }: TailPosition, reason: string): LogError {
  const file = segmentName(segment);
  return new LogError('damaged', `${file} is damaged at byte ${offset}: ${reason}`, {
    place: { file, offset },
  });
}
