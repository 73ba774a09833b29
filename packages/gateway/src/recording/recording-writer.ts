import { hash } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../lib/fault.ts';
import type { Chunk } from './chunk.ts';
import type { House } from './file-recorder.ts';
import { type Frame, packFrame } from './frame.ts';
import { RecordingFile } from './recording-file.ts';
import type { WhoseRecording } from './whose-recording.ts';

/** Most ticks between two attempts at what could not be written; an operation that is asked for is an attempt too. */
const mostRetryTicks = 16;

export interface WriterOwner {
  /** Everything that was appended is written. */
  drained(): void;
  /** Nothing more will be: the last chunk is on disk, or the recording failed for good. */
  over(failure: Fault | null): void;
}

/** The first of the queue, in the file, before the log has its entry. */
interface Unlogged {
  readonly frame: Frame;
  readonly offset: number;
  readonly isLast: boolean;
}

/**
 * Writes the chunks of one recording behind, in order, and has the log vouch for each. While the disk or the log takes
 * nothing, chunks are kept and tried again; how many is for the owner to bound.
 */
export class RecordingWriter {
  readonly #house: House;
  readonly #name: string;
  readonly #whose: WhoseRecording;
  readonly #owner: WriterOwner;
  readonly #file: RecordingFile;
  readonly #queue: Chunk[] = [];
  /** The first of the queue, ready to be written. */
  #frame: Frame | null = null;
  #unlogged: Unlogged | null = null;
  #busy = false;
  #closing = false;
  #chunks = 0;
  #failure: Fault | null = null;
  #stalled: Fault | null = null;
  #ticksToRetry = 0;
  #retryTicks = 1;
  /** Who asked for the attempt under way, and who asked since: that attempt may have begun before there was room. */
  #asking: ((recovered: boolean) => void)[] = [];
  #waiting: ((recovered: boolean) => void)[] = [];

  /** Makes the file with its first bytes, at once: a session that cannot be recorded does not start. */
  constructor(house: House, name: string, whose: WhoseRecording, first: Buffer, owner: WriterOwner) {
    this.#house = house;
    this.#name = name;
    this.#whose = whose;
    this.#owner = owner;
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

  /** For good: bytes are lost, and nothing can bring them back. */
  get failure(): Fault | null {
    return this.#failure;
  }

  /** Why the first of the queue could not be written when it was last tried. */
  get stalled(): Fault | null {
    return this.#stalled;
  }

  /** Whether something waits to be written. */
  get behind(): boolean {
    return this.#queue.length > 0;
  }

  append(chunk: Chunk, isLast: boolean): void {
    this.#closing ||= isLast;
    this.#house.pending += chunk.used;
    this.#queue.push(chunk);
    this.#pump();
  }

  /** Tries once more to write what waits; whether all of it is. */
  recover(): Promise<boolean> {
    if (this.#failure !== null) return Promise.resolve(false);
    if (this.#queue.length === 0) return Promise.resolve(true);
    const tried = new Promise<boolean>((resolve) => void this.#waiting.push(resolve));
    this.#pump();
    return tried;
  }

  /** The end of trying: what cannot be written now is lost. */
  async giveUp(): Promise<void> {
    if (!(await this.recover()) && this.#stalled !== null) this.#fail(this.#stalled);
  }

  /** Called every `flushMs` while awake; false when it may sleep. */
  tick(): boolean {
    if (this.#stalled !== null && --this.#ticksToRetry < 0) this.#pump();
    return this.behind || this.#file.rest();
  }

  release(): void {
    this.#file.release();
  }

  #pump(): void {
    const chunk = this.#queue[0];
    if (this.#busy || chunk === undefined || this.#failure !== null) return;
    this.#asking.push(...this.#waiting.splice(0));
    if (this.#unlogged !== null) return this.#vouch(this.#unlogged);
    this.#busy = true;
    if (this.#frame !== null) return this.#write(this.#frame);
    packFrame(chunk, this.#house.config.compression === 'zstd', (frame) => {
      this.#frame = frame;
      this.#write(frame);
    });
  }

  #write(frame: Frame): void {
    const offset = this.#file.length;
    this.#file.append(frame.bytes, frame.count, (error) => {
      if (error !== null) return this.#notWritten(error);
      const isLast = this.#closing && this.#queue.length === 1;
      if (!isLast) return this.#vouch({ frame, offset, isLast });
      this.#file.finish((finishError) => {
        // Pages that a disk refused are forgotten, and asking again would be told that all is well: fsync(2).
        if (finishError !== null) this.#fail(finishError);
        else this.#vouch({ frame, offset, isLast });
      });
    });
  }

  /** The entry comes after the bytes: a crash between the two leaves bytes nobody vouches for, not a false alarm. */
  #vouch(unlogged: Unlogged): void {
    this.#busy = false;
    const chunk = this.#queue[0];
    if (this.#failure !== null || chunk === undefined) return;
    const { frame, offset, isLast } = unlogged;
    try {
      this.#log(frame.bytes.subarray(0, frame.count), offset, isLast);
    } catch (reason) {
      this.#unlogged = unlogged;
      this.#stall(reason);
      return;
    }
    this.#unlogged = null;
    this.#frame = null;
    this.#queue.shift();
    this.#house.pending -= chunk.used;
    this.#house.pool.give(chunk);
    if (this.#queue.length > 0) return this.#pump();
    this.#stalled = null;
    this.#retryTicks = 1;
    if (isLast) this.#owner.over(null);
    else this.#owner.drained();
    this.#answer(true);
  }

  #notWritten(error: NodeJS.ErrnoException): void {
    this.#busy = false;
    // The bytes that were in it are gone, and the log vouches for them.
    if (error.code === 'ENOENT' || error.code === 'ELOOP') this.#fail(error);
    else this.#stall(error);
  }

  #stall(reason: unknown): void {
    const isNew = this.#stalled === null;
    this.#stalled = this.#fault(reason);
    this.#ticksToRetry = this.#retryTicks;
    this.#retryTicks = Math.min(2 * this.#retryTicks, mostRetryTicks);
    if (isNew) this.#house.failed(this.#stalled);
    for (const resolve of this.#asking.splice(0)) resolve(false);
    if (this.#waiting.length > 0) this.#pump();
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = error instanceof Fault ? error : this.#fault(error);
    // Not back to the pool: a write that is under way would put another session's bytes in this file.
    for (const chunk of this.#queue.splice(0)) this.#house.pending -= chunk.used;
    this.#house.failed(this.#failure);
    this.#owner.over(this.#failure);
    this.#answer(false);
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
    this.#house.audit.append({ type: 'recording-chunk', ...this.#whose, facts });
    this.#chunks += 1;
  }

  #fault(error: unknown): Fault {
    const reason = error instanceof Error ? error.message : String(error);
    return new Fault('recording-unavailable', `cannot write the recording ${this.#name}: ${reason}`, {
      cause: error,
    });
  }
}
