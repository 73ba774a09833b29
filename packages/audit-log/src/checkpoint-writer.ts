import { join } from 'node:path';
import { AppendFile } from './append-file.ts';
import { checkpointsFile } from './checkpoint-file.ts';
import { LogError, systemReason } from './log-error.ts';
import { carryOut, type LogFiles } from './log-files.ts';
import { writeAnew } from './rewrite.ts';

/**
 * Writes the file `checkpoints`. A checkpoint counts when it is on disk; one that is not yet is never withdrawn, since
 * others may have read it, and no other is written before it.
 */
export class CheckpointWriter {
  readonly #files: LogFiles;
  readonly #directory: string;
  #file: AppendFile;
  /** Bytes that are on disk. */
  #confirmed: number;
  /** Whether the file may hold pages that the disk has refused, and is to be written anew. */
  #isUnsure: boolean;
  #isNew: boolean;
  #pending: Buffer | null = null;

  constructor(files: LogFiles, directory: string, isUnsure: boolean) {
    this.#files = files;
    this.#directory = directory;
    this.#file = new AppendFile(files, join(directory, checkpointsFile));
    this.#confirmed = this.#file.length;
    this.#isUnsure = isUnsure && this.#confirmed > 0;
    this.#isNew = this.#confirmed === 0;
  }

  /** Resolves when this note is on disk, after every one before it. LogError `write-failed`, `sync-failed`. */
  async append(note: string): Promise<void> {
    await this.settle();
    this.#pending = Buffer.from(this.#confirmed === 0 ? note : `\n${note}`);
    await this.settle();
  }

  /** Brings to disk what an attempt before left open. */
  async settle(): Promise<void> {
    const note = this.#pending;
    if (note === null) return;
    try {
      if (this.#isUnsure) await this.#writeAnew(note);
      else await this.#write(note);
    } catch (error) {
      if (error instanceof LogError) throw error;
      const reason = `cannot write the checkpoints in ${this.#directory}: ${systemReason(error)}`;
      throw new LogError('sync-failed', reason, { cause: error });
    }
    this.#confirmed += note.length;
    this.#pending = null;
  }

  close(): void {
    this.#file.close();
  }

  async #write(note: Buffer): Promise<void> {
    this.#file.append(note, 0, note.length);
    this.#isUnsure = true;
    await this.#files.sync(this.#file.fd);
    if (this.#isNew) await this.#files.syncFolder(this.#directory);
    this.#isNew = false;
    this.#isUnsure = false;
  }

  /** As with the entries, only a new file has no pages that a failed sync left behind. */
  async #writeAnew(note: Buffer): Promise<void> {
    const path = join(this.#directory, checkpointsFile);
    await carryOut(this.#files, writeAnew(this.#files, path, this.#confirmed, [note]));
    await this.#files.syncFolder(this.#directory);
    const file = new AppendFile(this.#files, path);
    this.#file.close();
    this.#file = file;
    this.#isNew = false;
    this.#isUnsure = false;
  }
}
