import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isDropped } from './dropped.ts';
import { LogError, systemReason } from './log-error.ts';
import { frameBytes, maxEntryBytes, readFrame } from './segment.ts';

/** One entry as read; `bytes` is only good until the next one is asked for. */
export interface RawEntry {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** How a segment ended: at an entry's end, or with bytes that are no entry. */
export interface SegmentEnd {
  /** Bytes of whole entries. */
  readonly offset: number;
  /** Size of the file. */
  readonly fileBytes: number;
  /** Null when the file ends with a whole entry. */
  readonly reason: string | null;
  /** Whether a whole, valid entry stands somewhere after the end: then this is no torn tail. */
  readonly entryAfter: boolean;
  /** Whether what stands there instead of an entry lost sectors that never came to the disk, as by a power cut. */
  readonly dropped: boolean;
}

/** Reads a segment's entries in order, with one buffer, whatever the size of the file. */
export function* readSegment(path: string, from = 0): Generator<RawEntry, SegmentEnd> {
  const fd = open(path);
  try {
    const fileBytes = fstatSync(fd).size;
    let buffer = Buffer.allocUnsafeSlow(256 * 1024);
    let position = from; // of buffer[0] in the file
    let at = 0;
    let filled = readAt(fd, path, buffer, 0, position);
    for (;;) {
      const frame = readFrame(buffer, at, filled);
      if (frame.kind === 'entry') {
        yield { offset: position + at, bytes: frame.entry };
        at = frame.end;
        continue;
      }
      const offset = position + at;
      const rest = filled - at;
      if (frame.kind === 'bad') {
        const bytes = readRest(fd, path, offset, fileBytes);
        const [entryAfter, dropped] = [holdsEntry(bytes), hasDropped(bytes, offset)];
        return { offset, fileBytes, reason: frame.reason, entryAfter, dropped };
      }
      const old = buffer;
      if (frame.wanted > buffer.length) buffer = Buffer.allocUnsafeSlow(frameBytes + maxEntryBytes);
      old.copy(buffer, 0, at, filled);
      position = offset;
      at = 0;
      const read = readAt(fd, path, buffer, rest, position + rest);
      filled = rest + read;
      if (read > 0) continue;
      if (rest === 0) return { offset, fileBytes, reason: null, entryAfter: false, dropped: false };
      const reason = `the file ends ${frame.wanted - rest} bytes before its last entry does`;
      const bytes = buffer.subarray(0, filled);
      return { offset, fileBytes, reason, entryAfter: holdsEntry(bytes), dropped: hasDropped(bytes, offset) };
    }
  } finally {
    closeSync(fd);
  }
}

/** Whether a whole entry begins anywhere after the first byte: a changed length must not pass for a torn tail. */
function holdsEntry(bytes: Buffer): boolean {
  const open = 0x7b;
  for (let brace = bytes.indexOf(open, frameBytes + 1); brace >= 0; brace = bytes.indexOf(open, brace + 1)) {
    if (readFrame(bytes, brace - frameBytes, bytes.length).kind === 'entry') return true;
  }
  return false;
}

/** Fewest zeros that count as lost sectors: the length and the checksum of an entry may hold some. */
const fewestZeros = 16;

/** Whether the entry that should begin here lost sectors, as far as can be told from what is left of it. */
function hasDropped(bytes: Buffer, offset: number): boolean {
  const from = bytes.indexOf(Buffer.alloc(fewestZeros));
  if (from < 0) return false;
  const length = bytes.length < 4 ? 0 : bytes.readUInt32LE(0);
  if (from >= frameBytes + Math.min(length, maxEntryBytes)) return false;
  // The length and the checksum may end in zeros of their own.
  const start = from < frameBytes ? from : -1;
  return isDropped(bytes, start, from + 1, offset);
}

/** Enough to find an entry after a damaged one, and bounded. */
function readRest(fd: number, path: string, offset: number, fileBytes: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Math.min(fileBytes - offset, 2 * (frameBytes + maxEntryBytes)));
  return bytes.subarray(0, readAt(fd, path, bytes, 0, offset));
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new LogError('cannot-open', `cannot open ${path} for reading: ${systemReason(error)}`, {
      cause: error,
    });
  }
}

function readAt(fd: number, path: string, buffer: Buffer, start: number, position: number): number {
  try {
    let filled = start;
    while (filled < buffer.length) {
      const read = readSync(fd, buffer, filled, buffer.length - filled, position + filled - start);
      if (read === 0) break;
      filled += read;
    }
    return filled - start;
  } catch (error) {
    throw new LogError('cannot-open', `cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}
