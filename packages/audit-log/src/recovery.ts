import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CanonicalScanner } from './canonical-bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import { checkpointsFile, splitNotes } from './checkpoint-file.ts';
import { LogError, systemReason } from './log-error.ts';
import { carryOutNow, type LogFiles } from './log-files.ts';
import type { Verifier } from './note.ts';
import { removeParts, writeAnew } from './rewrite.ts';
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
  /** Whether it was not closed, as far as one can tell. */
  readonly wasKilled: boolean;
}

/**
 * Reads a log that was closed or killed. What a crash or a power cut left of writes that no one was told of is set aside.
 * What was acknowledged is never touched: anything else that is wrong is LogError `damaged`, with file and byte offset.
 */
export function recover(
  directory: string,
  verifier: Verifier,
  files: LogFiles,
  onFound: (entry: Buffer) => void = () => {},
): Recovered {
  removeParts(files, directory);
  const { lastCheckpoint, current, cutBytes: cutNotes } = recoverCheckpoints(directory, verifier);
  const scan = new Scan(directory, lastCheckpoint, onFound);
  const segments = listSegments(directory);
  let cutBytes = cutNotes;
  let kept = 0;
  for (; kept < segments.length && !scan.ended; kept += 1)
    if (!scan.read(segments[kept] as SegmentName, kept === segments.length - 1)) break;
  if (scan.ended !== null) cutBytes += cutTail(directory, scan.ended.name, scan.ended.end);
  for (const { name } of segments.slice(kept)) cutBytes += setWholeAside(directory, name);
  const { tree, lastTime, covered, uncovered } = scan;
  if (tree.size < covered) {
    const name = segments.at(-1)?.name ?? 'the first segment';
    const what = `the log ends at entry ${tree.size}, but its last checkpoint is over ${covered}: entries are missing`;
    throw damaged(name, 0, what);
  }
  confirm(files, directory, uncovered);
  const segment = segments[kept - 1] ?? null;
  const wasKilled = uncovered.length > 0 || cutBytes > 0;
  return { tree, lastTime, lastCheckpoint, current, segment, cutBytes, wasKilled };
}

/** Reading every entry, up to where there is none. */
class Scan {
  readonly tree = new CompactRange();
  lastTime = 0;
  /** Where the log ends with something that is no entry, and may be set aside. */
  ended: { readonly name: string; readonly end: SegmentEnd } | null = null;
  /** Segments with entries that no checkpoint is over, and how much of them is entries. */
  readonly uncovered: { readonly path: string; readonly bytes: number }[] = [];
  readonly #directory: string;
  readonly #checkpoint: Checkpoint | null;
  readonly #onFound: (entry: Buffer) => void;
  #isBegun = false;

  constructor(directory: string, checkpoint: Checkpoint | null, onFound: (entry: Buffer) => void) {
    this.#onFound = onFound;
    this.#directory = directory;
    this.#checkpoint = checkpoint;
  }

  /** Entries under the last checkpoint. */
  get covered(): number {
    return this.#checkpoint?.size ?? 0;
  }

  /** Adds the next segment; false when the log ended before it. */
  read({ name, first }: SegmentName, isLast: boolean): boolean {
    const { tree } = this;
    if (first !== tree.size) {
      // A power cut can take the end of a segment that was just full, and leave the next.
      if (first > tree.size && tree.size >= this.covered && this.#isBegun) return false;
      throw damaged(name, 0, `this segment begins with entry ${first}, but entry ${tree.size} is next`);
    }
    this.#isBegun = true;
    const path = join(this.#directory, name);
    const entries = readSegment(path);
    let step = entries.next();
    for (; step.done !== true; step = entries.next()) this.#add(step.value, name);
    const end = step.value;
    if (tree.size > this.covered) this.uncovered.push({ path, bytes: end.offset });
    if (end.reason === null) return true;
    const isTail = end.dropped || (isLast && !end.entryAfter);
    if (!isTail || tree.size < this.covered) throw damaged(name, end.offset, end.reason);
    this.ended = { name, end };
    return true;
  }

  #add(entry: RawEntry, name: string): void {
    const { tree } = this;
    const time = timeOf(entry, tree.size, name);
    if (time < this.lastTime)
      throw damaged(name, entry.offset, `entry ${tree.size} is older than the one before it`);
    this.lastTime = time;
    tree.add(entry.bytes);
    this.#onFound(entry.bytes);
    if (tree.size === this.covered) checkRoot(tree, this.#checkpoint, name, entry.offset);
  }
}

/**
 * Brings entries to disk that no checkpoint is over. Who wrote them may have been told that the disk refuses them, and a
 * sync of what can be read now would not tell again.
 */
function confirm(
  files: LogFiles,
  directory: string,
  segments: readonly { readonly path: string; readonly bytes: number }[],
): void {
  if (segments.length === 0) return;
  try {
    for (const { path, bytes } of segments) carryOutNow(files, writeAnew(files, path, bytes, []));
    files.syncFolderNow(directory);
  } catch (error) {
    const reason = `cannot bring the entries of ${directory} to disk that no checkpoint is over: ${systemReason(error)}`;
    throw new LogError('cannot-open', reason, { cause: error });
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

/** A segment that follows on what was cut. */
function setWholeAside(directory: string, name: string): number {
  const path = join(directory, name);
  const { size } = statSync(path);
  renameSync(path, `${path}.torn-at-0`);
  return size;
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
