import { close, fdatasync, fsync, open } from 'node:fs';
import { promisify } from 'node:util';
import type { AppendFile } from './append-file.ts';
import { LogError, systemReason } from './log-error.ts';

const openAsync = promisify(open);
const closeAsync = promisify(close);
const dataSync = promisify(fdatasync);
const fullSync = promisify(fsync);

/** Group commit: everyone who waits while a sync runs shares the next one. */
export class SyncGroup {
  readonly #directory: string;
  #segment: AppendFile;
  /** Full segments that still hold unsynced entries. */
  #retired: AppendFile[] = [];
  #directoryDirty = true;
  #dirty = false;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #failure: LogError | null = null;

  constructor(directory: string, segment: AppendFile) {
    this.#directory = directory;
    this.#segment = segment;
  }

  /** There is something new to sync. */
  appended(): void {
    this.#dirty = true;
  }

  /** Appends now go to another segment; the old one is closed when it is on disk. */
  rotated(to: AppendFile): void {
    this.#retired.push(this.#segment);
    this.#segment = to;
    this.#directoryDirty = true;
    this.#dirty = true;
  }

  /**
   * A failed fdatasync may have dropped the very pages it could not write, and a second one would then succeed without
   * them. So nothing is acknowledged after one until the log is opened again, which reads what the disk has.
   */
  assertSound(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  synced(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#running !== null) {
      if (!this.#dirty) return this.#running;
      this.#next ??= this.#running.then(() => this.#start());
      return this.#next;
    }
    return this.#dirty ? this.#start() : Promise.resolve();
  }

  close(): void {
    for (const segment of this.#retired) segment.close();
    this.#retired = [];
  }

  #start(): Promise<void> {
    this.#next = null;
    this.#running = new Promise<void>((resolve, reject) => {
      // Whoever else appends in this turn of the loop shares this sync.
      setImmediate(() => void this.#sync().then(resolve, reject));
    }).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #sync(): Promise<void> {
    const retired = this.#retired;
    const directoryDirty = this.#directoryDirty;
    this.#retired = [];
    this.#directoryDirty = false;
    this.#dirty = false;
    try {
      for (const segment of retired) await dataSync(segment.fd);
      await dataSync(this.#segment.fd);
      if (directoryDirty) await syncDirectory(this.#directory);
    } catch (error) {
      this.#failure = new LogError(
        'sync-failed',
        `cannot sync the log in ${this.#directory}: ${systemReason(error)}; restart once the disk is sound`,
        { cause: error },
      );
      throw this.#failure;
    } finally {
      for (const segment of retired) segment.close();
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  const fd = await openAsync(path, 'r');
  try {
    await fullSync(fd);
  } finally {
    await closeAsync(fd);
  }
}
