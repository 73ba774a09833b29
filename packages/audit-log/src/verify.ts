import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { canonical, type Json } from './canonical.ts';
import { CanonicalScanner } from './canonical-bytes.ts';
import type { Place } from './log-error.ts';
import { parseVerifier, type Verifier } from './note.ts';
import { fail, type LogProblem, ProblemFound } from './problem.ts';
import { listSegments, type SegmentName } from './segment.ts';
import { readSegment } from './segment-reader.ts';
import { CompactRange } from './tree.ts';
import { type Due, readCheckpoints } from './verify-checkpoints.ts';

export interface VerifyOptions {
  /** Checkpoints of this log kept elsewhere, as signed notes: proves that nothing below them was cut or replaced. */
  readonly known?: readonly string[];
  /** Told now and then how many bytes of entries were checked, and of how many. */
  readonly onProgress?: (checked: number, total: number) => void;
}

export interface LogReport {
  /** Null: everything checked is as it was written. Otherwise the first thing that is not. */
  readonly problem: LogProblem | null;
  readonly entries: number;
  /** Bytes of entries checked. */
  readonly bytes: number;
  readonly segments: number;
  readonly checkpoints: number;
  /** The key that signs now, in vkey form: the one given, or one that follows from it. */
  readonly signedBy: string;
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
  const verification = new Verification(directory, parseVerifier(publicKey), options);
  try {
    verification.readCheckpoints(options.known ?? []);
    await verification.readEntries();
  } catch (error) {
    if (!(error instanceof ProblemFound)) throw error;
    return verification.report(error.problem);
  }
  return verification.report(null);
}

/** Entries checked in one turn of the loop. */
const entriesPerTurn = 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Verification {
  readonly #directory: string;
  readonly #known: Verifier;
  readonly #onProgress: NonNullable<VerifyOptions['onProgress']>;
  readonly #tree = new CompactRange();
  readonly #scanner = new CanonicalScanner();
  #due: Map<number, Due> = new Map();
  #signedBy: Verifier;
  #lastTime = 0;
  #bytes = 0;
  #totalBytes = 0;
  #segments = 0;
  #checkpoints = 0;
  #covered = 0;
  /** Where the first entry stands that no checkpoint which held is over, and its time. */
  #uncovered: { readonly place: Place; readonly time: number } | null = null;
  #tornBytes = 0;

  constructor(directory: string, known: Verifier, { onProgress }: VerifyOptions) {
    this.#directory = directory;
    this.#known = known;
    this.#signedBy = known;
    this.#onProgress = onProgress ?? (() => undefined);
  }

  report(problem: LogProblem | null): LogReport {
    return {
      problem,
      entries: this.#tree.size,
      bytes: this.#bytes,
      segments: this.#segments,
      checkpoints: this.#checkpoints,
      signedBy: this.#signedBy.vkey,
      covered: this.#covered,
      uncoveredMs: this.#uncovered === null ? 0 : this.#lastTime - this.#uncovered.time,
      tornBytes: this.#tornBytes,
    };
  }

  readCheckpoints(kept: readonly string[]): void {
    const { due, count, current } = readCheckpoints(this.#directory, this.#known, kept);
    this.#due = due;
    this.#checkpoints = count;
    this.#signedBy = current;
  }

  async readEntries(): Promise<void> {
    const segments = listSegments(this.#directory);
    const bytesOf = ({ name }: SegmentName): number => statSync(join(this.#directory, name)).size;
    this.#totalBytes = segments.reduce((sum, segment) => sum + bytesOf(segment), 0);
    for (const [index, segment] of segments.entries()) {
      await this.#readSegment(segment, index === segments.length - 1);
      this.#segments += 1;
    }
    const [missing, due] = [...this.#due][0] ?? [];
    if (missing === undefined || due === undefined) return;
    const last = segments.at(-1);
    const place = { file: last?.name ?? 'the first segment', offset: last === undefined ? 0 : bytesOf(last) };
    const signed = `${due.place.file} byte ${due.place.offset}`;
    fail('cut-off', place, `the log ends at entry ${this.#tree.size}; ${signed} signs ${missing} entries`);
  }

  async #readSegment(segment: SegmentName, isLast: boolean): Promise<void> {
    const { name, first } = segment;
    if (first !== this.#tree.size) {
      const code = first > this.#tree.size ? 'segment-missing' : 'segment-repeated';
      const reason = `this segment begins with entry ${first}, but entry ${this.#tree.size} is next`;
      fail(code, { file: name, offset: 0 }, reason);
    }
    const before = this.#bytes;
    const entries = readSegment(join(this.#directory, name));
    let step = entries.next();
    for (; step.done !== true; step = entries.next()) {
      this.#checkEntry(step.value.bytes, name, step.value.offset);
      if (this.#tree.size % entriesPerTurn === 0) {
        this.#bytes = before + step.value.offset;
        this.#onProgress(this.#bytes, this.#totalBytes);
        await nextTurn();
      }
    }
    const end = step.value;
    this.#bytes = before + end.offset;
    if (end.reason === null) return;
    const place = { file: name, offset: end.offset };
    // A tail can only be torn where nothing was acknowledged: at the very end, past every checkpoint.
    if (!isLast || this.#due.size > 0 || end.entryAfter) fail('bytes-changed', place, end.reason);
    this.#tornBytes = end.fileBytes - end.offset;
  }

  #checkEntry(bytes: Buffer, file: string, offset: number): void {
    const { seq, time } = this.#scanner.isCanonical(bytes)
      ? this.#scanner.stamp
      : parsed(bytes, { file, offset });
    const { size } = this.#tree;
    if (seq !== size) this.#failSequence(seq, { file, offset });
    if (typeof time !== 'number' || time < this.#lastTime)
      fail('entry-time', { file, offset }, `entry ${seq} has the time ${time} after ${this.#lastTime}`);
    this.#lastTime = time;
    this.#uncovered ??= { place: { file, offset }, time };
    this.#tree.add(bytes);
    const due = this.#due.get(size + 1);
    if (due !== undefined) this.#meet(due);
  }

  #failSequence(seq: unknown, place: Place): never {
    const { size } = this.#tree;
    const code = typeof seq === 'number' && seq < size ? 'entry-repeated' : 'entry-missing';
    return fail(code, place, `this is entry ${JSON.stringify(seq)}, but entry ${size} is next`);
  }

  #meet({ root, place, isKnown }: Due): void {
    const { size } = this.#tree;
    if (!this.#tree.root().equals(root)) {
      const signed = `${place.file} byte ${place.offset}`;
      const first = this.#uncovered?.place ?? place;
      const which =
        this.#covered === size - 1 ? `entry ${size - 1} is` : `entries ${this.#covered} to ${size - 1} are`;
      const reason = `${which} not what was signed in ${signed}: at least one was changed`;
      fail(isKnown ? 'forked' : 'rewritten', first, reason);
    }
    this.#due.delete(size);
    this.#covered = size;
    this.#uncovered = null;
  }
}

/** The long way: parsed and written again. It also says what is wrong. */
function parsed(bytes: Buffer, place: Place): { readonly seq: unknown; readonly time: unknown } {
  let text: string;
  let value: Json;
  let form: string;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text) as Json;
    form = canonical(value);
  } catch {
    return fail('bytes-changed', place, 'this entry is not JSON in UTF-8');
  }
  if (typeof value !== 'object' || value === null || !('seq' in value))
    return fail('bytes-changed', place, 'this entry is not an object with seq');
  if (form !== text) return fail('entry-not-canonical', place, 'this entry is not in canonical form');
  const { seq, time } = value as { readonly seq?: Json; readonly time?: Json };
  return { seq, time };
}
