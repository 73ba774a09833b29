import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { LogError, systemReason } from './log-error.ts';
import { frameBytes, maxEntryBytes, readFrame } from './segment.ts';

const pieceBytes = 256 * 1024;

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
}

/** Reads a segment's entries in order, with one buffer, whatever the size of the file. */
export function* readSegment(path: string, from = 0): Generator<RawEntry, SegmentEnd> {
  const fd = open(path);
  try {
    const fileBytes = fstatSync(fd).size;
    let buffer = Buffer.allocUnsafeSlow(pieceBytes);
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
        const entryAfter = holdsEntry(readRest(fd, path, offset, fileBytes));
        return { offset, fileBytes, reason: frame.reason, entryAfter };
      }
      const old = buffer;
      if (frame.wanted > buffer.length) buffer = Buffer.allocUnsafeSlow(frameBytes + maxEntryBytes);
      old.copy(buffer, 0, at, filled);
      position = offset;
      at = 0;
      const read = readAt(fd, path, buffer, rest, position + rest);
      filled = rest + read;
      if (read > 0) continue;
      if (rest === 0) return { offset, fileBytes, reason: null, entryAfter: false };
      const reason = `the file ends ${frame.wanted - rest} bytes before its last entry does`;
      return { offset, fileBytes, reason, entryAfter: holdsEntry(buffer.subarray(0, filled)) };
    }
  } finally {
    closeSync(fd);
  }
}

/** The bytes of a file from an offset on, in pieces; each is only good until the next one is asked for. */
export function* readBytes(path: string, from: number): Generator<Buffer, void> {
  const fd = open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(pieceBytes);
    for (let at = from; ; ) {
      const read = readAt(fd, path, buffer, 0, at);
      if (read === 0) return;
      yield buffer.subarray(0, read);
      at += read;
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
