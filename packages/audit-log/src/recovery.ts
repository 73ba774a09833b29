import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CanonicalScanner } from './canonical-bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import { checkpointsFile, splitNotes } from './checkpoint-file.ts';
import { LogError } from './log-error.ts';
import type { Verifier } from './note.ts';
import { listSegments, type SegmentName } from './segment.ts';
import { type RawEntry, readSegment, type SegmentEnd } from './segment-reader.ts';
import { openNewest } from './succession.ts';
import { CompactRange } from './tree.ts';

/** What an existing log holds, ready to be appended to. */
export interface Recovered {
  readonly tree: CompactRange;
  readonly lastTime: number;
  readonly lastCheckpoint: Checkpoint | null;
  /** The key that follows from the known one: it signs the next checkpoint. */
  readonly current: Verifier;
  /** The segment to go on with, or null when there is none. */
  readonly segment: SegmentName | null;
  /** Bytes of a torn write that were set aside. */
  readonly cutBytes: number;
}

/**
 * Reads a log that was closed or killed. A torn tail, which no one was told of, is set aside in a file of its own. What
 * was acknowledged is never touched: anything else that is wrong is LogError `damaged`, with file and byte offset.
 */
export function recover(
  directory: string,
  verifier: Verifier,
  onFound: (entry: Buffer) => void = () => {},
): Recovered {
  const { lastCheckpoint, current, cutBytes: cutNotes } = recoverCheckpoints(directory, verifier);
  const tree = new CompactRange();
  const covered = lastCheckpoint?.size ?? 0;
  const segments = listSegments(directory);
  let lastTime = 0;
  let cutBytes = cutNotes;
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment.first !== tree.size) {
      throw damaged(
        segment.name,
        0,
        `this segment begins with entry ${segment.first}, but entry ${tree.size} is next`,
      );
    }
    const entries = readSegment(join(directory, segment.name));
    let step = entries.next();
    for (; step.done !== true; step = entries.next()) {
      const time = timeOf(step.value, tree.size, segment.name);
      if (time < lastTime)
        throw damaged(segment.name, step.value.offset, `entry ${tree.size} is older than the one before it`);
      lastTime = time;
      tree.add(step.value.bytes);
      onFound(step.value.bytes);
      if (tree.size === covered) checkRoot(tree, lastCheckpoint, segment.name, step.value.offset);
    }
    const end = step.value;
    if (end.reason === null) continue;
    if (!isLast || tree.size < covered || end.entryAfter) throw damaged(segment.name, end.offset, end.reason);
    cutBytes += cutTail(directory, segment.name, end);
  }
  if (tree.size < covered) {
    const name = segments.at(-1)?.name ?? 'the first segment';
    throw damaged(
      name,
      0,
      `the log ends at entry ${tree.size}, but its last checkpoint is over ${covered}: entries are missing`,
    );
  }
  return { tree, lastTime, lastCheckpoint, current, segment: segments.at(-1) ?? null, cutBytes };
}

interface RecoveredCheckpoints {
  readonly lastCheckpoint: Checkpoint | null;
  readonly current: Verifier;
  readonly cutBytes: number;
}

function recoverCheckpoints(directory: string, known: Verifier): RecoveredCheckpoints {
  const path = join(directory, checkpointsFile);
  if (!existsSync(path)) return { lastCheckpoint: null, current: known, cutBytes: 0 };
  const bytes = readFileSync(path);
  const { notes, end } = splitNotes(bytes, known.name);
  const cutBytes = bytes.length - end;
  if (cutBytes > 0) {
    setAside(directory, checkpointsFile, end, bytes.subarray(end));
    truncateSync(path, end);
  }
  try {
    const { checkpoint, succession } = openNewest(notes, known);
    return { lastCheckpoint: checkpoint, current: succession.current, cutBytes };
  } catch (error) {
    if (!(error instanceof LogError) || error.place === null) throw error;
    throw damaged(checkpointsFile, error.place.offset, error.message);
  }
}

const scanner = new CanonicalScanner();

function timeOf(entry: RawEntry, seq: number, file: string): number {
  if (scanner.isCanonical(entry.bytes) && scanner.stamp.seq === seq) return scanner.stamp.time;
  try {
    const value: unknown = JSON.parse(entry.bytes.toString());
    if (typeof value === 'object' && value !== null && 'seq' in value && 'time' in value) {
      if (value.seq === seq && typeof value.time === 'number') return value.time;
    }
  } catch {
    // Falls through: not an entry either way.
  }
  throw damaged(file, entry.offset, `this is not entry ${seq}`);
}

function checkRoot(tree: CompactRange, checkpoint: Checkpoint | null, file: string, offset: number): void {
  if (checkpoint !== null && !tree.root().equals(checkpoint.root)) {
    throw damaged(file, offset, `the entries up to ${checkpoint.size} are not those of the last checkpoint`);
  }
}

function cutTail(directory: string, name: string, end: SegmentEnd): number {
  const path = join(directory, name);
  setAside(directory, name, end.offset, readFileSync(path).subarray(end.offset));
  truncateSync(path, end.offset);
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
  return end.fileBytes - end.offset;
}

/** Keeps what is cut: should it be more than a torn write after all, nothing is lost. */
function setAside(directory: string, name: string, offset: number, bytes: Buffer): void {
  writeFileSync(join(directory, `${name}.torn-at-${offset}`), bytes, { mode: 0o640 });
}

function damaged(file: string, offset: number, what: string): LogError {
  const remedy =
    'the log was tampered with or the disk failed; keep it as evidence and start with another directory';
  return new LogError('damaged', `${file} is damaged at byte ${offset}: ${what} (${remedy})`, {
    place: { file, offset },
  });
}
