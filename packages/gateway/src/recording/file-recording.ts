import type { Fault } from '../lib/fault.ts';
import type { Chunk } from './chunk.ts';
import { operationEventBytes, putHead, putOperation, putResult, resultEventBytes } from './encode.ts';
import type { House } from './file-recorder.ts';
import { eventHeadBytes, eventKind, frameForm, frameHeadBytes, magic } from './format.ts';
import { putFrameHead } from './frame.ts';
import type { OperationResult, RecordedOperation, Recording, RecordingHeader, Tape } from './recording.ts';
import { RecordingWriter, type WriterOwner } from './recording-writer.ts';
import { whoseRecording } from './whose-recording.ts';

/**
 * A recording in a file. Events go to a buffer that is only held while there is something in it. While the disk or the log
 * takes nothing, what was recorded is kept, within `pendingBytes`, and written once they do.
 */
export class FileRecording implements Recording, WriterOwner {
  readonly #house: House;
  readonly sessionId: string;
  /** Below the recordings folder. */
  readonly file: string;
  readonly #startedAt: number;
  readonly #writer: RecordingWriter;
  #chunk: Chunk | null = null;
  /** Bytes recorded, written or not. */
  #length: number;
  #operations = 0;
  #full = false;
  /** Events that were left out because too much waited for the disk already. */
  #leftOut = 0;
  #ending: PromiseWithResolvers<void> | null = null;

  constructor(house: House, name: string, header: RecordingHeader) {
    this.#house = house;
    this.sessionId = header.sessionId;
    this.file = name;
    this.#startedAt = house.clock.elapsed();
    const first = headerBytes(header);
    this.#length = first.length;
    this.#writer = new RecordingWriter(house, name, whoseRecording(header), first, this);
  }

  get failed(): boolean {
    const { failure, stalled } = this.#writer;
    return failure !== null || stalled !== null || this.#overloaded;
  }

  get ending(): boolean {
    return this.#ending !== null;
  }

  async recover(): Promise<boolean> {
    return (await this.#writer.recover()) && !this.failed;
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
    if (this.#ending !== null) return this.#ending.promise;
    this.#full = false; // The end is always told.
    this.#tellLeftOut();
    this.#text(
      eventKind.end,
      JSON.stringify({ reason: reason.slice(0, 1024), operations: this.#operations }),
      true,
    );
    this.#ending = Promise.withResolvers();
    if (this.#writer.failure !== null) this.over(this.#writer.failure);
    else this.#handOver(true);
    if (this.#house.stopping) this.giveUp();
    return this.#ending.promise;
  }

  /** The end of trying: what cannot be written now is lost. */
  giveUp(): void {
    void this.#writer.giveUp();
  }

  /** Called every `flushMs` while awake; false when it may sleep. */
  tick(): boolean {
    // One that waits anyway is filled first: each has a buffer of its own.
    if (this.#chunk !== null && !this.#writer.behind) this.#handOver(false);
    return this.#writer.tick() || this.#chunk !== null;
  }

  drained(): void {
    this.#tellLeftOut();
  }

  over(failure: Fault | null): void {
    this.#chunk = null;
    if (this.#ending === null) return;
    this.#writer.release();
    this.#house.forget(this);
    if (failure === null) this.#ending.resolve();
    else this.#ending.reject(failure);
  }

  get #overloaded(): boolean {
    return this.#house.pending > 2 * this.#house.config.pendingBytes;
  }

  /** A chunk with this much room, or null when nothing more is recorded. `last` events are few and small. */
  #room(bytes: number, last = false): Chunk | null {
    if (this.#writer.failure !== null || this.#full || this.#ending !== null) return null;
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
    if (chunk !== null) this.#handOver(false);
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

  #handOver(isLast: boolean): void {
    const chunk = this.#chunk;
    if (chunk === null) return;
    this.#chunk = null;
    this.#length += chunk.used;
    this.#writer.append(chunk, isLast);
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

function headerBytes(header: RecordingHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const event = eventHeadBytes + json.length;
  const bytes = Buffer.alloc(magic.length + frameHeadBytes + event);
  magic.copy(bytes);
  const frame = bytes.subarray(magic.length);
  putFrameHead(frame, frameForm.plain, event, event);
  putHead(frame, frameHeadBytes, eventKind.header, 0, 0, event);
  json.copy(frame, frameHeadBytes + eventHeadBytes);
  return bytes;
}
