import { join } from 'node:path';
import type { EntryFields } from './canonical.ts';
import { LogError } from './log-error.ts';
import { listSegments } from './segment.ts';
import { readSegment } from './segment-reader.ts';

/** An entry as it stands in the log. */
export interface LogEntry {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Every field, `seq` and `time` included. */
  readonly fields: EntryFields;
}

/**
 * The entries of a log in order, whether or not it is open elsewhere; ends before a torn tail. It checks framing, not
 * signatures: `verifyLog` does. LogError `damaged` for bytes that are no entry.
 */
export function* readLog(directory: string): Generator<LogEntry, void> {
  for (const segment of listSegments(directory)) {
    for (const { bytes, offset } of readSegment(join(directory, segment.name))) {
      yield parseEntry(bytes, segment.name, offset);
    }
  }
}

/**
 * The entries that have one of these texts somewhere: a quick way to those few that are worth a look. Segments that are
 * wholly before the entry `from` are left out.
 */
export function* findEntries(
  directory: string,
  text: string | readonly string[],
  from = 0,
): Generator<LogEntry, void> {
  const wanted = [text].flat().map((one) => Buffer.from(one));
  const segments = listSegments(directory);
  for (const [index, { name }] of segments.entries()) {
    const next = segments[index + 1];
    if (next !== undefined && next.first <= from) continue;
    for (const { bytes, offset } of readSegment(join(directory, name))) {
      if (wanted.some((one) => bytes.includes(one))) yield parseEntry(bytes, name, offset);
    }
  }
}

/** The entry in these bytes; LogError `damaged` when they are none. */
export function parseEntry(bytes: Buffer, file: string, offset: number): LogEntry {
  let fields: unknown;
  try {
    fields = JSON.parse(bytes.toString());
  } catch {
    fields = null;
  }
  if (isFields(fields)) {
    const { seq, time } = fields;
    if (typeof seq === 'number' && typeof time === 'number') return { seq, time, fields };
  }
  throw new LogError('damaged', `${file} holds no entry at byte ${offset}`, { place: { file, offset } });
}

function isFields(value: unknown): value is EntryFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
