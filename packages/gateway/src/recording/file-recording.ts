import { hash } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../lib/fault.ts';
import type { Chunk } from './chunk.ts';
import { operationEventBytes, putHead, putOperation, putResult, resultEventBytes } from './encode.ts';
import type { House } from './file-recorder.ts';
import { eventHeadBytes, eventKind, magic } from './format.ts';
import type { OperationResult, RecordedOperation, Recording, RecordingHeader, Tape } from './recording.ts';
import { RecordingFile } from './recording-file.ts';

/** A recording in a file. Events go to a buffer that is only held while there is something in it. */
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
  #failure: Fault | null = null;
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
      this.#file = new RecordingFile(join(house.config.directory, name), first);
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
    return this.#failure !== null;
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
    return this.#ending;
  }

  /** Called every `flushMs` while awake; false when it may sleep. */
  tick(): boolean {
    if (this.#chunk !== null) this.#handOver();
    return this.#writing || this.#queue.length > 0 || this.#file.rest();
  }

  /** A chunk with this much room, or null when nothing more is recorded. */
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
    if (this.#house.pending > 2 * this.#house.config.pendingBytes) {
      this.#fail(new Error('the disk is too slow: twice pendingBytes wait for it'));
      return null;
    }
    if (this.#failure !== null) return null;
    chunk = this.#house.pool.take(bytes);
    this.#chunk = chunk;
    this.#house.wake(this);
    return chunk;
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
    if (this.#writing || chunk === undefined) return;
    this.#writing = true;
    const offset = this.#file.length;
    this.#file.append(chunk.bytes, chunk.used, (error) => {
      if (error !== null) return this.#written(chunk, offset, error);
      const isLast = this.#ending !== null && this.#queue.length === 1;
      if (!isLast) return this.#written(chunk, offset, null);
      this.#file.finish((finishError) => this.#written(chunk, offset, finishError, true));
    });
  }

  /** The entry comes after the bytes: a crash between the two leaves bytes nobody vouches for, not a false alarm. */
  #written(chunk: Chunk, offset: number, error: Error | null, isLast = false): void {
    this.#writing = false;
    if (this.#failure !== null) return;
    try {
      if (error !== null) throw error;
      this.#log(chunk.bytes.subarray(0, chunk.used), offset, isLast);
    } catch (reason) {
      this.#fail(reason);
      return;
    }
    this.#queue.shift();
    this.#release(chunk);
    if (isLast) this.#finish();
    else this.#pump();
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
    this.#failure = this.#fault(error);
    // Not back to the pool: a write that is under way would put another session's bytes in this file.
    for (const chunk of this.#queue.splice(0)) this.#house.pending -= chunk.used;
    this.#chunk = null;
    this.#house.failed(this.#failure);
    if (this.#ended !== null) this.#finish();
  }

  #finish(): void {
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
