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
import { carryOutNow, type LogFiles } from './log-files.ts';
import { listParts, listTails, moveTail, settleTail, type TailStart, tailName } from './move-tail.ts';
import type { Verifier } from './note.ts';
import { frameBytes, listSegments, type SegmentName, segmentName } from './segment.ts';
import { type RawEntry, readBytes, readSegment, type SegmentEnd } from './segment-reader.ts';
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
  /** Whether it was not closed, as far as one can tell. */
  readonly wasKilled: boolean;
}

/**
 * Reads a log that was closed or killed. A torn tail, which no one was told of, is set aside in a file of its own. What
 * was acknowledged is never touched: anything else that is wrong is LogError `damaged`, with file and byte offset.
 */
export function recover(directory: string, verifier: Verifier, files: LogFiles): Recovered {
  const { lastCheckpoint, current, cutBytes: cutNotes } = recoverCheckpoints(directory, verifier);
  const covered = lastCheckpoint?.size ?? 0;
  settleTails(directory, covered, files);
  const scan = new Scan(covered, lastCheckpoint);
  let cutBytes = cutNotes;
  const segments = listSegments(directory);
  for (const [index, segment] of segments.entries()) {
    const end = scan.read(directory, segment);
    if (end.reason === null) continue;
    const isLast = index === segments.length - 1;
    if (!isLast || scan.tree.size < covered || end.entryAfter)
      throw damaged(segment.name, end.offset, end.reason);
    cutBytes += cutTail(directory, segment.name, end);
  }
  const { tree, lastTime, coveredEnd } = scan;
  if (tree.size < covered) {
    const name = segments.at(-1)?.name ?? 'the first segment';
    const what = `the log ends at entry ${tree.size}, but its last checkpoint is over ${covered}: entries are missing`;
    throw damaged(name, 0, what);
  }
  const wasKilled = tree.size > covered || cutBytes > 0;
  // Whoever wrote these may have been told that the disk refuses them, and a sync of what is read now would not tell again.
  if (tree.size > covered && coveredEnd !== null)
    carryOutNow(files, moveTail(files, directory, coveredEnd, bytesFrom(directory, coveredEnd)));
  const segment = listSegments(directory).at(-1) ?? null;
  return { tree, lastTime, lastCheckpoint, current, segment, cutBytes, wasKilled };
}

/** Reading every entry, up to where there is none. */
class Scan {
  readonly tree = new CompactRange();
  lastTime = 0;
  /** Where the last checkpoint ends. */
  coveredEnd: TailStart | null = null;
  readonly #covered: number;
  readonly #checkpoint: Checkpoint | null;

  constructor(covered: number, checkpoint: Checkpoint | null) {
    this.#covered = covered;
    this.#checkpoint = checkpoint;
  }

  /** Adds the entries of the next segment; how it ends. */
  read(directory: string, { name, first }: SegmentName): SegmentEnd {
    const { tree } = this;
    if (first !== tree.size)
      throw damaged(name, 0, `this segment begins with entry ${first}, but entry ${tree.size} is next`);
    if (this.#covered === tree.size) this.coveredEnd = { seq: first, segment: first, offset: 0 };
    const entries = readSegment(join(directory, name));
    let step = entries.next();
    for (; step.done !== true; step = entries.next()) {
      const { bytes, offset } = step.value;
      const time = timeOf(step.value, tree.size, name);
      if (time < this.lastTime) throw damaged(name, offset, `entry ${tree.size} is older than the one before it`);
      this.lastTime = time;
      tree.add(bytes);
      if (tree.size !== this.#covered) continue;
      checkRoot(tree, this.#checkpoint, name, offset);
      this.coveredEnd = { seq: tree.size, segment: first, offset: offset + frameBytes + bytes.length };
    }
    return step.value;
  }
}

/** Finishes what a crash interrupted while the end of the log was written anew: see move-tail.ts. */
function settleTails(directory: string, covered: number, files: LogFiles): void {
  for (const name of listParts(directory)) files.remove(join(directory, name));
  for (const seq of listTails(directory)) {
    const name = tailName(seq);
    const place = seq < covered ? null : placeOf(directory, seq);
    if (place === null) throw damaged(name, 0, `the log has no place for the entries from ${seq} on`);
    assertTail(directory, seq);
    keepOther(directory, place, readFileSync(join(directory, name)));
    carryOutNow(files, settleTail(files, directory, place));
  }
}

/** Where an entry begins, or the log ends with the one before; null when it does neither. */
function placeOf(directory: string, seq: number): TailStart | null {
  const segments = listSegments(directory);
  const segment = segments.findLast(({ first }) => first <= seq);
  if (segment === undefined) return null;
  let at = segment.first;
  const entries = readSegment(join(directory, segment.name));
  let step = entries.next();
  for (; at < seq && step.done !== true; step = entries.next()) at += 1;
  return at === seq ? { seq, segment: segment.first, offset: step.value.offset } : null;
}

/** A tail has that name only when all of it is on disk. */
function assertTail(directory: string, seq: number): void {
  const name = tailName(seq);
  let next = seq;
  const entries = readSegment(join(directory, name));
  let step = entries.next();
  for (; step.done !== true; step = entries.next()) {
    timeOf(step.value, next, name);
    next += 1;
  }
  if (step.value.reason !== null) throw damaged(name, step.value.offset, step.value.reason);
}

/** What is about to be cut should be the same entries; should it not be, it is kept. */
function keepOther(directory: string, { segment, offset }: TailStart, tail: Buffer): void {
  const name = segmentName(segment);
  const rest = readFileSync(join(directory, name)).subarray(offset);
  if (!tail.subarray(0, rest.length).equals(rest)) setAside(directory, name, offset, rest);
}

/** The bytes of all entries from a place to the end. */
function* bytesFrom(directory: string, { seq, segment, offset }: TailStart): Generator<Buffer, void> {
  for (const { name, first } of listSegments(directory)) {
    if (first !== segment && first < seq) continue;
    yield* readBytes(join(directory, name), first === segment ? offset : 0);
  }
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
