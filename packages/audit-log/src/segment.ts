/** The bytes of a segment: docs/audit-log-format.md. Each entry is [u32 length][u32 crc32][canonical JSON]. */
import { readdirSync } from 'node:fs';
import { crc32 } from 'node:zlib';

export const frameBytes = 8;
/** Largest entry, in bytes; a larger one is refused by `append` and by every reader. */
export const maxEntryBytes = 1024 * 1024;

const nameForm = /^(\d{16})\.entries$/;

export interface SegmentName {
  readonly name: string;
  /** `seq` of its first entry. */
  readonly first: number;
}

export function segmentName(first: number): string {
  return `${String(first).padStart(16, '0')}.entries`;
}

/** The segments of a log, oldest first. Files of other names are no part of the log. */
export function listSegments(directory: string): SegmentName[] {
  const segments: SegmentName[] = [];
  for (const name of readdirSync(directory)) {
    const first = nameForm.exec(name)?.[1];
    if (first !== undefined) segments.push({ name, first: Number(first) });
  }
  return segments.sort((a, b) => a.first - b.first);
}

/** What stands at an offset: an entry, or why there is none. Everything on disk may have been changed by an attacker. */
export type Frame =
  | { readonly kind: 'entry'; readonly entry: Buffer; readonly end: number }
  /** The bytes end before the entry does; `wanted` more are needed to tell. */
  | { readonly kind: 'short'; readonly wanted: number }
  | { readonly kind: 'bad'; readonly reason: string };

/** Reads the frame at `offset` of bytes [0, end). `entry` of the answer is a view of the entry's own bytes, which end at `end`. */
export function readFrame(bytes: Buffer, offset: number, end: number): Frame {
  if (end - offset < frameBytes) return { kind: 'short', wanted: frameBytes };
  const length = bytes.readUInt32LE(offset);
  if (length < 2 || length > maxEntryBytes) {
    return { kind: 'bad', reason: `the entry length ${length} is outside 2..${maxEntryBytes}` };
  }
  const start = offset + frameBytes;
  if (end - start < length) return { kind: 'short', wanted: frameBytes + length };
  const entry = bytes.subarray(start, start + length);
  if (crc32(entry) !== bytes.readUInt32LE(offset + 4)) {
    return { kind: 'bad', reason: 'the checksum does not match the entry' };
  }
  return { kind: 'entry', entry, end: start + length };
}
