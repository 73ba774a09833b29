import { join } from 'node:path';
import { AppendFile } from './append-file.ts';
import type { Frames } from './frames.ts';
import { LogError, systemReason } from './log-error.ts';
import { carryOut, type LogFiles } from './log-files.ts';
import { moveTail, type TailStart } from './move-tail.ts';
import { segmentName } from './segment.ts';
import { SyncGroup } from './sync-group.ts';

/** Bytes not confirmed by the disk at which a sync begins though nobody waits for one. */
export const syncAtBytes = 8 * 1024 * 1024;
/** Most bytes held because the disk has not confirmed them; the append that comes to it waits for the disk itself. */
export const maxUnconfirmedBytes = 64 * 1024 * 1024;

export interface SegmentsOptions {
  readonly files: LogFiles;
  readonly directory: string;
  readonly segmentBytes: number;
  /** Milliseconds between attempts to write again what a failed sync left open. */
  readonly recoverMs: number;
  /** Told when a sync failed, and when all is on disk again. */
  readonly onTrouble: (error: LogError | null) => void;
}

interface Confirmed extends TailStart {
  /** Position in `Frames`. */
  readonly kept: number;
}

/**
 * The segments of an open log: appends, rotation, group commit. After a sync that failed nothing is taken until all that
 * was taken before and not confirmed is on disk, in a new file.
 */
export class Segments {
  readonly #options: SegmentsOptions;
  readonly #frames: Frames;
  readonly #group = new SyncGroup(() => this.#sync());
  #current: AppendFile;
  /** `seq` of the first entry in it, and of the next. */
  #first: number;
  #size: number;
  /** Full segments that may hold entries which are not confirmed. */
  #retired: AppendFile[] = [];
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
    this.#first = first;
    this.#size = size;
    this.#current = this.#open(first);
    this.#confirmed = this.#here();
  }

  /** Bytes of the segment that is appended to. */
  get length(): number {
    return this.#current.length;
  }

  /** Before a batch is made: throws `sync-failed` while nothing can be taken. */
  makeReady(): void {
    this.#assertSound();
    if (this.#frames.unconfirmed >= maxUnconfirmedBytes) this.#syncNow();
  }

  /** Writes the batch in `Frames`, so many entries, with one call. All of it is in the log then, or nothing of it. */
  append(entries: number): void {
    if (this.#current.length >= this.#options.segmentBytes) this.#rotate();
    const { bytes, from, count } = this.#frames.batch;
    this.#current.append(bytes, from, count);
    this.#frames.keep();
    this.#size += entries;
    this.#group.appended();
    if (this.#frames.unconfirmed >= syncAtBytes) this.#group.begin();
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
    for (const file of [...this.#retired, this.#current]) file.close();
    this.#retired = [];
  }

  #assertSound(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #open(first: number): AppendFile {
    return new AppendFile(this.#options.files, join(this.#options.directory, segmentName(first)));
  }

  #here(): Confirmed {
    return {
      seq: this.#size,
      segment: this.#first,
      offset: this.#current.length,
      kept: this.#frames.position,
    };
  }

  #rotate(): void {
    this.#current.repair();
    const next = this.#open(this.#size);
    this.#retired.push(this.#current);
    this.#current = next;
    this.#first = this.#size;
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
      for (const { fd } of [...retired, this.#current]) await files.sync(fd);
      if (folderDirty) await files.syncFolder(directory);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#assertSound();
    this.#retired = this.#retired.filter((file) => !retired.includes(file));
    for (const file of retired) file.close();
    this.#confirm(here);
  }

  /** For who appends without ever giving the loop a turn: then memory is bounded by waiting here. */
  #syncNow(): void {
    const { files, directory } = this.#options;
    try {
      for (const { fd } of [...this.#retired, this.#current]) files.syncNow(fd);
      files.syncFolderNow(directory);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#confirm(this.#here());
  }

  #confirm(here: Confirmed): void {
    if (here.seq < this.#confirmed.seq) return;
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

  /** Writes all that is not confirmed into a new segment. Until that is on disk nothing is acknowledged. */
  async #recover(): Promise<void> {
    const { files, directory } = this.#options;
    await this.#group.settled();
    try {
      await carryOut(files, moveTail(files, directory, this.#confirmed, this.#frames.pieces()));
      const next = this.#open(this.#confirmed.seq);
      for (const file of [...this.#retired, this.#current]) file.close();
      this.#retired = [];
      this.#current = next;
    } catch {
      // The disk is as it was.
      return;
    }
    this.#first = this.#confirmed.seq;
    this.#confirm(this.#here());
    this.#failure = null;
    this.#options.onTrouble(null);
  }
}
