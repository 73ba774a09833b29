import { join } from 'node:path';
import { AppendFile } from './append-file.ts';
import type { Frames } from './frames.ts';
import { LogError, systemReason } from './log-error.ts';
import { carryOut, type LogFiles, type ToSync } from './log-files.ts';
import { writeAnew } from './rewrite.ts';
import { segmentName } from './segment.ts';
import { SyncGroup } from './sync-group.ts';

/** Part of `unconfirmedBytes` at which a sync begins though nobody waits for one. */
const syncAtPart = 1 / 8;

export interface SegmentsOptions {
  readonly files: LogFiles;
  readonly directory: string;
  readonly segmentBytes: number;
  /** Most bytes held because the disk has not confirmed them; an append that comes to it waits for the disk itself. */
  readonly unconfirmedBytes: number;
  /** Milliseconds between attempts to write again what a failed sync left open. */
  readonly recoverMs: number;
  /** Told when a sync failed, and when all is on disk again. */
  readonly onTrouble: (error: LogError | null) => void;
}

interface Segment {
  /** `seq` of its first entry. */
  readonly first: number;
  readonly file: AppendFile;
}

/** Up to where the log is on disk. */
interface Confirmed {
  /** The segment, by its first entry, and how much of it. */
  readonly segment: number;
  readonly offset: number;
  /** Position in `Frames`. */
  readonly kept: number;
}

/**
 * The segments of an open log: appends, rotation, group commit. After a sync that failed nothing is taken until all that
 * was taken before and not confirmed is on disk, in new files.
 */
export class Segments {
  readonly #options: SegmentsOptions;
  readonly #frames: Frames;
  readonly #group = new SyncGroup(() => this.#sync());
  #current: Segment;
  /** Full segments that may hold entries which are not confirmed. */
  #retired: Segment[] = [];
  /** `seq` of the next entry. */
  #size: number;
  #folderDirty = true;
  #confirmed: Confirmed;
  #failure: LogError | null = null;
  #recovering: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** `first` begins the segment to go on with, and everything in it is on disk. */
  constructor(options: SegmentsOptions, frames: Frames, first: number, size: number) {
    this.#options = options;
    this.#frames = frames;
    this.#size = size;
    this.#current = this.#open(first);
    this.#confirmed = this.#here();
  }

  /** Bytes of the segment that is appended to. */
  get length(): number {
    return this.#current.file.length;
  }

  /** Before a batch is made: throws `sync-failed` while nothing can be taken. */
  makeReady(): void {
    this.#assertSound();
    if (this.#frames.unconfirmed >= this.#options.unconfirmedBytes) this.#syncNow();
  }

  /** Writes the batch in `Frames`, so many entries, with one call. All of it is in the log then, or nothing of it. */
  append(entries: number): void {
    if (this.length >= this.#options.segmentBytes) this.#rotate();
    const { bytes, from, count } = this.#frames.batch;
    this.#current.file.append(bytes, from, count);
    this.#frames.keep();
    this.#size += entries;
    this.#group.appended();
    if (this.#frames.unconfirmed >= this.#options.unconfirmedBytes * syncAtPart) this.#group.begin();
  }

  /** Resolves when every entry appended so far is on disk; one sync serves all who wait. Rejects with `sync-failed`. */
  synced(): Promise<void> {
    return this.#failure === null ? this.#group.synced() : Promise.reject(this.#failure);
  }

  /** Tries once more, when there is something to make good, and then no more. */
  async makeGood(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#recovering;
    if (this.#failure !== null) await this.#recover();
    this.#assertSound();
  }

  async close(): Promise<void> {
    await this.#group.settled();
    for (const { file } of [...this.#retired, this.#current]) file.close();
    this.#retired = [];
  }

  #assertSound(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #open(first: number): Segment {
    const { files, directory } = this.#options;
    return { first, file: new AppendFile(files, join(directory, segmentName(first))) };
  }

  #here(): Confirmed {
    return { segment: this.#current.first, offset: this.length, kept: this.#frames.position };
  }

  #rotate(): void {
    this.#current.file.repair();
    const next = this.#open(this.#size);
    this.#retired.push(this.#current);
    this.#current = next;
    this.#folderDirty = true;
  }

  async #sync(): Promise<void> {
    const { files, directory } = this.#options;
    this.#assertSound();
    const here = this.#here();
    const retired = [...this.#retired];
    const folderDirty = this.#folderDirty;
    this.#folderDirty = false;
    try {
      for (const { file } of [...retired, this.#current]) await files.sync(file.fd);
      if (folderDirty) await files.syncFolder(directory);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#assertSound();
    this.#retired = this.#retired.filter((one) => !retired.includes(one));
    for (const { file } of retired) file.close();
    this.#confirm(here);
  }

  /** For who appends without ever giving the loop a turn: then memory is bounded by waiting here. */
  #syncNow(): void {
    const { files, directory } = this.#options;
    try {
      for (const { file } of [...this.#retired, this.#current]) files.syncNow(file.fd);
      files.syncFolderNow(directory);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#confirm(this.#here());
  }

  #confirm(here: Confirmed): void {
    if (here.kept < this.#confirmed.kept) return;
    this.#confirmed = here;
    this.#frames.confirm(here.kept);
  }

  #fail(error: unknown): LogError {
    if (this.#failure !== null) return this.#failure;
    const { directory, recoverMs } = this.#options;
    const reason = `cannot sync the log in ${directory}: ${systemReason(error)}`;
    this.#failure = new LogError(
      'sync-failed',
      `${reason}; nothing is taken until the disk is sound: see to it, a restart is not needed (tried every ${recoverMs} ms)`,
      { cause: error },
    );
    this.#options.onTrouble(this.#failure);
    this.#schedule();
    return this.#failure;
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#recovering = this.#recover().then(() => {
        this.#recovering = null;
        if (this.#failure !== null) this.#schedule();
      });
    }, this.#options.recoverMs).unref();
  }

  /** Writes every segment anew that has anything not confirmed. Until that is on disk nothing is acknowledged. */
  async #recover(): Promise<void> {
    const { files } = this.#options;
    await this.#group.settled();
    try {
      await carryOut(files, this.#writeAnew());
      const current = this.#open(this.#current.first);
      for (const { file } of [...this.#retired, this.#current]) file.close();
      this.#retired = [];
      this.#current = current;
    } catch {
      // The disk is as it was.
      return;
    }
    this.#confirm(this.#here());
    this.#failure = null;
    this.#options.onTrouble(null);
  }

  *#writeAnew(): Generator<ToSync, void> {
    const { files, directory } = this.#options;
    const { segment, offset, kept } = this.#confirmed;
    let from = kept;
    for (const { first, file } of [...this.#retired, this.#current]) {
      if (first < segment) continue;
      const confirmed = first === segment ? offset : 0;
      const to = from + file.length - confirmed;
      yield* writeAnew(files, file.path, confirmed, this.#frames.pieces(from, to));
      from = to;
    }
    yield { folder: directory };
  }
}
