/** Reading a log from a place on, for those who follow it or keep an index of it. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LogError, systemReason } from './log-error.ts';
import { type LogEntry, parseEntry } from './read.ts';
import {
  frameBytes,
  listSegments,
  maxEntryBytes,
  readFrame,
  type SegmentName,
  segmentName,
} from './segment.ts';
import { readSegment } from './segment-reader.ts';

/** Where an entry begins: its segment, by the `seq` that one begins with, and the byte in it. */
export interface LogPlace {
  readonly segment: number;
  readonly offset: number;
}

export interface PlacedEntry extends LogEntry {
  readonly place: LogPlace;
  /** The entry as it stands in the file; only good until the next one is asked for. */
  readonly bytes: Buffer;
}

/**
 * The entries from a place on, in order, whether or not the log is open elsewhere. Ends before a torn tail, and where the
 * place is not there (any more). LogError `damaged` for bytes that are no entry with whole segments after them.
 */
export function* readLogFrom(directory: string, from: LogPlace): Generator<PlacedEntry, void> {
  const segments = segmentsOf(directory).filter(({ first }) => first >= from.segment);
  for (const [index, { name, first }] of segments.entries()) {
    const start = first === from.segment ? from.offset : 0;
    const entries = readSegment(join(directory, name), start);
    let step = entries.next();
    for (; step.done !== true; step = entries.next()) {
      const { bytes, offset } = step.value;
      yield { ...parseEntry(bytes, name, offset), place: { segment: first, offset }, bytes };
    }
    const { reason, offset } = step.value;
    if (reason === null) continue;
    if (index === segments.length - 1) return;
    throw new LogError('damaged', `${name} is damaged at byte ${offset}: ${reason}`, {
      place: { file: name, offset },
    });
  }
}

/** The entry at a place, or null when none is there. */
export function readEntryAt(directory: string, { segment, offset }: LogPlace): LogEntry | null {
  const name = segmentName(segment);
  const path = join(directory, name);
  try {
    const fd = openSync(path, 'r');
    try {
      const head = Buffer.alloc(frameBytes);
      if (readSync(fd, head, 0, frameBytes, offset) < frameBytes) return null;
      const length = head.readUInt32LE(0);
      if (length > maxEntryBytes) return null;
      const frame = Buffer.alloc(frameBytes + length);
      const read = readSync(fd, frame, 0, frame.length, offset);
      const found = readFrame(frame, 0, read);
      return found.kind === 'entry' ? parseEntry(found.entry, name, offset) : null;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof LogError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new LogError('cannot-open', `cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}

/** Bytes of each segment, by the `seq` it begins with, oldest first. Empty when there is no log. */
export function segmentSizes(directory: string): readonly (readonly [first: number, bytes: number])[] {
  return segmentsOf(directory).map(({ first }) => [first, bytesOf(directory, first)]);
}

function segmentsOf(directory: string): readonly SegmentName[] {
  try {
    return listSegments(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new LogError('cannot-open', `cannot read the log in ${directory}: ${systemReason(error)}`, {
      cause: error,
    });
  }
}

/**
 * Whether a log is another than when its last entry ended at this place, and `next` was the `seq` of the one to come. A
 * few system calls, for those who poll; a torn tail counts as a change for as long as it is there.
 */
export function hasChanged(directory: string, end: LogPlace, next: number): boolean {
  if (bytesOf(directory, end.segment) !== end.offset) return true;
  return next !== end.segment && bytesOf(directory, next) > 0;
}

function bytesOf(directory: string, segment: number): number {
  return statSync(join(directory, segmentName(segment)), { throwIfNoEntry: false })?.size ?? 0;
}
