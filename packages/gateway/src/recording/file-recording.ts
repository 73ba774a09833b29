import { hash } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../lib/fault.ts';
import type { Chunk } from './chunk.ts';
import { operationEventBytes, putHead, putOperation, putResult, resultEventBytes } from './encode.ts';
import type { House } from './file-recorder.ts';
import { eventHeadBytes, eventKind, magic } from './format.ts';
import type { OperationResult, RecordedOperation, Recording, RecordingHeader, Tape } from './recording.ts';
import { RecordingFile } from './recording-file.ts';

/** Most ticks between two attempts at what could not be written; an operation that is asked for is an attempt too. */
const mostRetryTicks = 16;

/**
 * A recording in a file. Events go to a buffer that is only held while there is something in it. While the disk or the log
 * takes nothing, what was recorded is kept, within `pendingBytes`, and written once they do.
 */
export class FileRecording implements Recording {
  readonly #house: House;
  readonly #name: string;
  readonly #sessionId: string;
  readonly #startedAt: number;
  readonly #file: RecordingFile;
  #chunk: Chunk | null = null;
  readonly #queue: Chunk[] = [];
  #writing = false;
  /** Bytes recorded, written or not. */
  #length: number;
  #chunks = 0;
  #operations = 0;
  #full = false;
  /** For good: bytes are lost, and nothing can bring them back. */
  #failure: Fault | null = null;
  /** Why the first of the queue could not be written when it was last tried. */
  #stalled: Fault | null = null;
  /** The first of the queue is in the file, and only its entry is missing in the log. */
  #unlogged: { readonly offset: number; readonly isLast: boolean } | null = null;
  /** Events that were left out because too much waited for the disk already. */
  #leftOut = 0;
  #ticksToRetry = 0;
  #retryTicks = 1;
  /** Who asked for the attempt under way, and who asked since: that attempt may have begun before there was room. */
  #asking: ((recovered: boolean) => void)[] = [];
  #waiting: ((recovered: boolean) => void)[] = [];
  #ending: Promise<void> | null = null;
  #ended: { resolve: () => void; reject: (fault: Fault) => void } | null = null;

  constructor(house: House, name: string, header: RecordingHeader) {
    this.#house = house;
    this.#name = name;
    this.#sessionId = header.sessionId;
    this.#startedAt = house.clock.elapsed();
    const first = headerChunk(header);
    this.#length = first.length;
    try {
      this.#file = new RecordingFile(join(house.config.directory, name), first, house.disk);
    } catch (error) {
      throw this.#fault(error);
    }
    try {
      this.#log(first, 0, false);
    } catch (error) {
      this.#file.discard();
      throw error;
    }
  }

  get failed(): boolean {
    return this.#failure !== null || this.#stalled !== null || this.#overloaded;
  }

  get ending(): boolean {
    return this.#ending !== null;
  }

  recover(): Promise<boolean> {
    if (this.#failure !== null) return Promise.resolve(false);
    if (this.#queue.length === 0) return Promise.resolve(!this.failed);
    const tried = new Promise<boolean>((resolve) => void this.#waiting.push(resolve));
    this.#pump();
    return tried;
  }

  operation(operation: RecordedOperation): Tape {
    this.#operations += 1;
    const { operationBytes, replyBytesPerOperation } = this.#house.config;
    const chunk = this.#room(operationEventBytes(operation, operationBytes));
    if (chunk !== null) putOperation(chunk, this.#at(), this.#operations, operation, operationBytes);
    return new FileTape(this, this.#operations, replyBytesPerOperation);
  }

  note(text: string): void {
    this.#text(eventKind.note, text);
  }

  /** Adds reply bytes; how many of them were taken. */
  reply(number: number, bytes: Buffer, start: number, end: number): number {
    if (this.#house.pending > this.#house.config.pendingBytes) return 0;
    let from = start;
    while (from < end) {
      // A piece for every buffer it runs through: a reply does not need one of its own size.
      const chunk = this.#room(eventHeadBytes + Math.min(end - from, 1024));
      if (chunk === null) break;
      const used = chunk.used;
      const allowed = this.#house.config.recordingBytes - this.#length;
      const count = Math.min(end - from, Math.min(chunk.bytes.length, allowed) - used - eventHeadBytes);
      bytes.copy(chunk.bytes, used + eventHeadBytes, from, from + count);
      putHead(chunk.bytes, used, eventKind.reply, this.#at(), number, eventHeadBytes + count);
      chunk.used = used + eventHeadBytes + count;
      from += count;
    }
    return from - start;
  }

  result(number: number, result: OperationResult, leftOut: number): void {
    const chunk = this.#room(resultEventBytes(result) + eventHeadBytes + 8);
    if (chunk === null) return;
    const at = this.#at();
    if (leftOut > 0) {
      chunk.bytes.writeDoubleLE(leftOut, chunk.used + eventHeadBytes);
      putHead(chunk.bytes, chunk.used, eventKind.replyTruncated, at, number, eventHeadBytes + 8);
      chunk.used += eventHeadBytes + 8;
    }
    putResult(chunk, at, number, result);
  }

  end(reason: string): Promise<void> {
    if (this.#ending !== null) return this.#ending;
    this.#full = false; // The end is always told.
    this.#tellLeftOut();
    this.#text(
      eventKind.end,
      JSON.stringify({ reason: reason.slice(0, 1024), operations: this.#operations }),
      true,
    );
    this.#ending = new Promise((resolve, reject) => {
      this.#ended = { resolve, reject };
    });
    if (this.#failure !== null) this.#finish();
    else this.#handOver();
    if (this.#house.stopping) void this.giveUp();
    return this.#ending;
  }

  /** The end of trying: what cannot be written now is lost. Only after `end`. */
  async giveUp(): Promise<void> {
    if (!(await this.recover()) && this.#stalled !== null) this.#fail(this.#stalled);
  }

  /** Called every `flushMs` while awake; false when it may sleep. */
  tick(): boolean {
    if (this.#stalled !== null && --this.#ticksToRetry < 0) this.#pump();
    // One that waits anyway is filled first: each has a buffer of its own.
    if (this.#chunk !== null && this.#queue.length === 0) this.#handOver();
    return this.#writing || this.#queue.length > 0 || this.#chunk !== null || this.#file.rest();
  }

  get #overloaded(): boolean {
    return this.#house.pending > 2 * this.#house.config.pendingBytes;
  }

  /** A chunk with this much room, or null when nothing more is recorded. `last` events are few and small. */
  #room(bytes: number, last = false): Chunk | null {
    if (this.#failure !== null || this.#full || this.#ending !== null) return null;
    let chunk = this.#chunk;
    const used = chunk === null ? 0 : chunk.used;
    if (!last && this.#length + used + bytes > this.#house.config.recordingBytes) {
      this.#text(
        eventKind.truncated,
        `recordingBytes (${this.#house.config.recordingBytes}) is reached`,
        true,
      );
      this.#full = true;
      return null;
    }
    if (chunk !== null && chunk.bytes.length - used >= bytes) return chunk;
    if (chunk !== null) this.#handOver();
    if (this.#failure !== null) return null;
    if (!last && this.#overloaded) {
      this.#leftOut += 1;
      return null;
    }
    chunk = this.#house.pool.take(bytes);
    this.#chunk = chunk;
    this.#house.wake(this);
    return chunk;
  }

  #tellLeftOut(): void {
    const count = this.#leftOut;
    if (count === 0) return;
    this.#leftOut = 0;
    this.#text(
      eventKind.note,
      `${count} events are missing here: too much waited for the disk already`,
      true,
    );
  }

  #text(kind: number, text: string, last = false): void {
    const bytes = Buffer.from(text.slice(0, 16 * 1024));
    const chunk = this.#room(eventHeadBytes + bytes.length, last);
    if (chunk === null) return;
    bytes.copy(chunk.bytes, chunk.used + eventHeadBytes);
    putHead(chunk.bytes, chunk.used, kind, this.#at(), 0, eventHeadBytes + bytes.length);
    chunk.used += eventHeadBytes + bytes.length;
  }

  #at(): number {
    return Math.floor(this.#house.clock.elapsed() - this.#startedAt);
  }

  #handOver(): void {
    const chunk = this.#chunk;
    if (chunk === null) return;
    this.#chunk = null;
    this.#length += chunk.used;
    this.#house.pending += chunk.used;
    this.#queue.push(chunk);
    this.#pump();
  }

  #pump(): void {
    const chunk = this.#queue[0];
    if (this.#writing || chunk === undefined || this.#failure !== null) return;
    this.#asking.push(...this.#waiting.splice(0));
    if (this.#unlogged !== null) return this.#written(chunk, this.#unlogged);
    this.#writing = true;
    const offset = this.#file.length;
    this.#file.append(chunk.bytes, chunk.used, (error) => {
      this.#writing = false;
      if (error !== null) return this.#notWritten(error);
      const isLast = this.#ending !== null && this.#queue.length === 1;
      if (!isLast) return this.#written(chunk, { offset, isLast });
      this.#writing = true;
      this.#file.finish((finishError) => {
        this.#writing = false;
        // Pages that a disk refused are forgotten, and asking again would be told that all is well: fsync(2).
        if (finishError !== null) this.#fail(finishError);
        else this.#written(chunk, { offset, isLast });
      });
    });
  }

  /** The entry comes after the bytes: a crash between the two leaves bytes nobody vouches for, not a false alarm. */
  #written(chunk: Chunk, where: { readonly offset: number; readonly isLast: boolean }): void {
    if (this.#failure !== null) return;
    try {
      this.#log(chunk.bytes.subarray(0, chunk.used), where.offset, where.isLast);
    } catch (reason) {
      this.#unlogged = where;
      this.#stall(reason);
      return;
    }
    this.#unlogged = null;
    this.#queue.shift();
    this.#release(chunk);
    if (where.isLast) this.#finish();
    else if (this.#queue.length > 0) this.#pump();
    else this.#recovered();
  }

  #notWritten(error: NodeJS.ErrnoException): void {
    // The bytes that were in it are gone, and the log vouches for them.
    if (error.code === 'ENOENT' || error.code === 'ELOOP') this.#fail(error);
    else this.#stall(error);
  }

  #stall(reason: unknown): void {
    const isNew = this.#stalled === null;
    this.#stalled = this.#fault(reason);
    this.#ticksToRetry = this.#retryTicks;
    this.#retryTicks = Math.min(2 * this.#retryTicks, mostRetryTicks);
    this.#house.wake(this);
    if (isNew) this.#house.failed(this.#stalled);
    for (const resolve of this.#asking.splice(0)) resolve(false);
    if (this.#waiting.length > 0) this.#pump();
  }

  /** All that waited is written. */
  #recovered(): void {
    this.#stalled = null;
    this.#retryTicks = 1;
    this.#tellLeftOut();
    this.#answer(!this.failed);
  }

  #answer(recovered: boolean): void {
    for (const resolve of [...this.#asking.splice(0), ...this.#waiting.splice(0)]) resolve(recovered);
  }

  #log(bytes: Uint8Array, offset: number, isLast: boolean): void {
    const facts = {
      bytes: bytes.length,
      chunk: this.#chunks,
      file: this.#name,
      ...(isLast ? { last: true } : {}),
      offset,
      sha256: hash('sha256', bytes, 'hex'),
    };
    this.#house.audit.append({ type: 'recording-chunk', sessionId: this.#sessionId, facts });
    this.#chunks += 1;
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = error instanceof Fault ? error : this.#fault(error);
    // Not back to the pool: a write that is under way would put another session's bytes in this file.
    for (const chunk of this.#queue.splice(0)) this.#house.pending -= chunk.used;
    this.#chunk = null;
    this.#house.failed(this.#failure);
    this.#answer(false);
    if (this.#ended !== null) this.#finish();
  }

  #finish(): void {
    this.#stalled = null;
    this.#answer(this.#failure === null);
    this.#file.release();
    this.#house.forget(this);
    if (this.#failure === null) this.#ended?.resolve();
    else this.#ended?.reject(this.#failure);
  }

  #release(chunk: Chunk): void {
    this.#house.pending -= chunk.used;
    this.#house.pool.give(chunk);
  }

  #fault(error: unknown): Fault {
    const reason = error instanceof Error ? error.message : String(error);
    return new Fault('recording-unavailable', `cannot write the recording ${this.#name}: ${reason}`, {
      cause: error,
    });
  }
}

/** The tape of one operation: counts, and hands on. */
class FileTape implements Tape {
  readonly #recording: FileRecording;
  readonly #number: number;
  #left: number;
  #leftOut = 0;
  #ended = false;

  constructor(recording: FileRecording, number: number, replyBytes: number) {
    this.#recording = recording;
    this.#number = number;
    this.#left = replyBytes;
  }

  reply(bytes: Buffer, start: number, end: number): void {
    const count = end - start;
    const wanted = count <= this.#left ? count : this.#left;
    if (this.#ended) return;
    const taken = wanted === 0 ? 0 : this.#recording.reply(this.#number, bytes, start, start + wanted);
    this.#left -= taken;
    if (taken === count) return;
    this.#leftOut += count - taken;
    // What follows a gap would be read as something it is not.
    this.#left = 0;
  }

  end(result: OperationResult): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#recording.result(this.#number, result, this.#leftOut);
  }
}

function headerChunk(header: RecordingHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const bytes = Buffer.alloc(magic.length + eventHeadBytes + json.length);
  magic.copy(bytes);
  putHead(bytes.subarray(magic.length), 0, eventKind.header, 0, 0, eventHeadBytes + json.length);
  json.copy(bytes, magic.length + eventHeadBytes);
  return bytes;
}
