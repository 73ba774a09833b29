import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { canonical, type Json } from './canonical.ts';
import { type Checkpoint, openCheckpoint, splitNotes } from './checkpoint.ts';
import { LogError, type Place } from './log-error.ts';
import { parseVerifier, type Verifier } from './note.ts';
import { checkpointsFile } from './recovery.ts';
import { listSegments, type SegmentName } from './segment.ts';
import { readSegment } from './segment-reader.ts';
import { CompactRange } from './tree.ts';

export interface VerifyOptions {
  /** Checkpoints of this log kept elsewhere, as signed notes: proves that nothing below them was cut or replaced. */
  readonly known?: readonly string[];
}

export interface LogProblem extends Place {
  readonly reason: string;
}

export interface LogReport {
  /** Null: everything checked is as it was written. Otherwise the first thing that is not. */
  readonly problem: LogProblem | null;
  readonly entries: number;
  readonly segments: number;
  readonly checkpoints: number;
  /** Entries under a signed checkpoint. The others are whole, but nothing proves yet that they were not replaced. */
  readonly covered: number;
  /** Milliseconds from the first entry under no checkpoint to the last; 0 when all are under one. Checkpoints come within `checkpointMs`. */
  readonly uncoveredMs: number;
  /** Bytes of a write under way or cut short, after the last entry and not under a checkpoint. */
  readonly tornBytes: number;
}

/**
 * Checks a whole log with its public key alone (vkey form): framing, checksums, canonical form, sequence, time, and the
 * tree root and signature of every checkpoint. Streams: memory does not grow with the log, its checkpoints excepted.
 * The log may be open elsewhere. Rejects with LogError only when it cannot be read or the key is not one.
 */
export async function verifyLog(
  directory: string,
  publicKey: string,
  options: VerifyOptions = {},
): Promise<LogReport> {
  const verification = new Verification(directory, parseVerifier(publicKey));
  try {
    verification.readCheckpoints(options.known ?? []);
    await verification.readEntries();
  } catch (error) {
    if (!(error instanceof LogError) || error.place === null) throw error;
    return verification.report({ ...error.place, reason: error.message });
  }
  return verification.report(null);
}

/** Entries checked in one turn of the loop. */
const entriesPerTurn = 256;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Verification {
  readonly #directory: string;
  readonly #verifier: Verifier;
  readonly #tree = new CompactRange();
  /** What must be true of the tree, by size. */
  readonly #due = new Map<number, { readonly root: Buffer; readonly place: Place }>();
  #lastTime = 0;
  #segments = 0;
  #checkpoints = 0;
  #covered = 0;
  /** Time of the first entry after the last checkpoint that held. */
  #uncoveredSince: number | null = null;
  #tornBytes = 0;

  constructor(directory: string, verifier: Verifier) {
    this.#directory = directory;
    this.#verifier = verifier;
  }

  report(problem: LogProblem | null): LogReport {
    return {
      problem,
      entries: this.#tree.size,
      segments: this.#segments,
      checkpoints: this.#checkpoints,
      covered: this.#covered,
      uncoveredMs: this.#uncoveredSince === null ? 0 : this.#lastTime - this.#uncoveredSince,
      tornBytes: this.#tornBytes,
    };
  }

  readCheckpoints(known: readonly string[]): void {
    for (const note of known) {
      this.#expect(openCheckpoint(note, this.#verifier), { file: 'known checkpoint', offset: 0 });
    }
    const path = join(this.#directory, checkpointsFile);
    if (!existsSync(path)) return;
    const file = readFileSync(path);
    let last = 0;
    for (const { note, offset } of splitNotes(file, this.#verifier).notes) {
      const place = { file: checkpointsFile, offset };
      const checkpoint = opened(note, this.#verifier, place);
      if (checkpoint.size <= last)
        fail(place, `this checkpoint is over ${checkpoint.size} entries, the one before over ${last}`);
      last = checkpoint.size;
      this.#expect(checkpoint, place);
      this.#checkpoints += 1;
    }
  }

  async readEntries(): Promise<void> {
    const segments = listSegments(this.#directory);
    for (const [index, segment] of segments.entries()) {
      await this.#readSegment(segment, index === segments.length - 1);
      this.#segments += 1;
    }
    const [missing, due] = [...this.#due][0] ?? [];
    if (missing !== undefined && due !== undefined) {
      const file = segments.at(-1)?.name ?? 'the first segment';
      fail(
        { file, offset: 0 },
        `the log ends at entry ${this.#tree.size}; ${due.place.file} byte ${due.place.offset} signs ${missing}`,
      );
    }
  }

  async #readSegment(segment: SegmentName, isLast: boolean): Promise<void> {
    const { name } = segment;
    if (segment.first !== this.#tree.size) {
      fail(
        { file: name, offset: 0 },
        `this segment begins with entry ${segment.first}, but entry ${this.#tree.size} is next`,
      );
    }
    const entries = readSegment(join(this.#directory, name));
    let step = entries.next();
    for (; step.done !== true; step = entries.next()) {
      this.#checkEntry(step.value.bytes, { file: name, offset: step.value.offset });
      if (this.#tree.size % entriesPerTurn === 0) await nextTurn();
    }
    const end = step.value;
    if (end.reason === null) return;
    // A tail can only be torn where nothing was acknowledged: at the very end, past every checkpoint.
    if (!isLast || this.#due.size > 0 || end.entryAfter) fail({ file: name, offset: end.offset }, end.reason);
    this.#tornBytes = end.fileBytes - end.offset;
  }

  #checkEntry(bytes: Buffer, place: Place): void {
    const { seq, time } = parsed(bytes, place);
    if (seq !== this.#tree.size) fail(place, `this is entry ${seq}, but entry ${this.#tree.size} is next`);
    if (typeof time !== 'number' || time < this.#lastTime)
      fail(place, `entry ${seq} has the time ${time} after ${this.#lastTime}`);
    this.#lastTime = time;
    this.#uncoveredSince ??= time;
    this.#tree.add(bytes);
    const due = this.#due.get(this.#tree.size);
    if (due === undefined) return;
    if (!this.#tree.root().equals(due.root)) {
      fail(
        place,
        `the entries up to ${this.#tree.size} are not those signed in ${due.place.file} byte ${due.place.offset}`,
      );
    }
    this.#due.delete(this.#tree.size);
    this.#covered = this.#tree.size;
    this.#uncoveredSince = null;
  }

  #expect(checkpoint: Checkpoint, place: Place): void {
    const { size, root } = checkpoint;
    const other = this.#due.get(size);
    if (other !== undefined && !other.root.equals(root))
      fail(place, `two checkpoints over ${size} entries disagree: the log was forked`);
    if (size > 0) this.#due.set(size, { root, place });
  }
}

function opened(note: string, verifier: Verifier, place: Place): Checkpoint {
  try {
    return openCheckpoint(note, verifier);
  } catch (error) {
    return fail(place, error instanceof Error ? error.message : String(error));
  }
}

function parsed(bytes: Buffer, place: Place): { readonly seq: unknown; readonly time: unknown } {
  let text: string;
  let value: Json;
  let form: string;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text) as Json;
    form = canonical(value);
  } catch {
    return fail(place, 'this entry is not JSON in UTF-8');
  }
  if (typeof value !== 'object' || value === null || !('seq' in value))
    return fail(place, 'this entry is not an object with seq');
  if (form !== text) return fail(place, 'this entry is not in canonical form');
  const { seq, time } = value as { readonly seq?: Json; readonly time?: Json };
  return { seq, time };
}

function fail(place: Place, reason: string): never {
  throw new LogError('damaged', reason, { place });
}
