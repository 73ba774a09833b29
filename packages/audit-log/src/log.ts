import { mkdirSync } from 'node:fs';
import { canonicalEntry, type EntryFields, type Stamp } from './canonical.ts';
import { type Checkpoint, signCheckpoint, signHandover } from './checkpoint.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import { Frames } from './frames.ts';
import { loadOrCreateKeys, makeNextKey, promoteNextKey, settleKeys } from './keys.ts';
import { type Lock, takeLock } from './lock.ts';
import { LogError, systemReason } from './log-error.ts';
import { type LogFiles, systemFiles } from './log-files.ts';
import type { Signer } from './note.ts';
import { recover } from './recovery.ts';
import { SealThread } from './seal-thread.ts';
import { listSegments } from './segment.ts';
import { Segments } from './segments.ts';

export interface LogOptions {
  /** Names the log in its checkpoints and its key; only used when the key is made. Default `sallyport/audit`. */
  readonly origin?: string;
  /** A segment that reached this many bytes is followed by a new one. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Most time between an entry and the checkpoint over it, in milliseconds; 0 makes one only on close. Default 1000. */
  readonly checkpointMs?: number;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /** Told of each entry that is there already, oldest first, while the log is opened. The bytes are only good for the call. */
  readonly onFound?: (entry: Buffer) => void;
  /** Told of a checkpoint that could not be made; the next one is tried all the same. */
  readonly onCheckpointFailure?: (error: LogError) => void;
  /**
   * Most bytes of entries kept in memory because the disk has not confirmed them. At an eighth of it a sync begins by
   * itself; an append that comes to it waits for the disk. Default 64 MiB.
   */
  readonly unconfirmedBytes?: number;
  /** Milliseconds between attempts to write again what a failed sync left open. Default 500. */
  readonly recoverMs?: number;
  /** Told when the disk refuses a sync, from when on nothing is taken, and with null when the log goes on. */
  readonly onTrouble?: (error: LogError | null) => void;
  /** What changes the files; for tests. Default: the system. */
  readonly files?: LogFiles;
}

export interface Log {
  readonly directory: string;
  /** The log's first public key, in vkey form: all that `verifyLog` needs. It stays when the log changes keys. */
  readonly publicKey: string;
  /** The key that signs now, in vkey form. */
  readonly signingKey: string;
  /** Entries in the log. */
  readonly size: number;
  /** Bytes of torn writes that were set aside when the log was opened. */
  readonly cutBytes: number;
  /** What the next entry will be stamped with. */
  next(): Stamp;
  /**
   * Appends one entry and returns its index. Once it returns the entry survives a crash of this process. The log stamps
   * it with `seq` and `time`. Fastest when `fields` has its keys in order and holds the stamp that `next()` gave just now;
   * any other `seq` or `time` is refused.
   * @throws LogError: `write-failed` (nothing was acknowledged, a later append may succeed), `entry-invalid`,
   * `entry-too-large`, `sync-failed` (nothing is taken until the disk is sound again, which is tried by itself), `closed`.
   */
  append(fields: EntryFields): number;
  /**
   * Appends one entry for each item with a single write, all of them or none, and returns the index of the first. Gives
   * `fieldsOf` the stamp of the entry. Throws as `append` does, and what `fieldsOf` throws; then there is none of them.
   */
  appendAll<T>(items: readonly T[], fieldsOf: (item: T, stamp: Stamp) => EntryFields): number;
  /** Resolves when every entry appended so far is on disk; one fdatasync serves all who wait. Rejects with `sync-failed`. */
  synced(): Promise<void>;
  /** Signs a checkpoint over every entry appended so far, or returns the last when it covers them. */
  checkpoint(): Promise<Checkpoint>;
  /**
   * Changes the key that signs: an entry says so, and the old key's last checkpoint names the new key, which signs it too.
   * Whoever knows the old key goes on from there. Gives that checkpoint; the old private key is gone when this resolves.
   */
  rotateKey(): Promise<Checkpoint>;
  /** Makes a last checkpoint and lets go of the log. */
  close(): Promise<void>;
}

/** Opens the log in `directory`, making it when there is none. LogError says why it cannot be. */
export function openLog(directory: string, options: LogOptions = {}): Log {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o750 });
  } catch (error) {
    throw new LogError('cannot-open', `cannot make the directory ${directory}: ${systemReason(error)}`, {
      cause: error,
    });
  }
  const lock = takeLock(directory);
  try {
    return new FileLog(directory, options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

class FileLog implements Log {
  readonly directory: string;
  readonly cutBytes: number;
  readonly publicKey: string;
  readonly #options: LogOptions;
  readonly #lock: Lock;
  readonly #now: () => number;
  readonly #frames = new Frames();
  readonly #segments: Segments;
  readonly #sealer: SealThread;
  readonly #checkpoints: CheckpointWriter;
  #signer: Signer;
  #size: number;
  #lastTime: number;
  /** Given out by `next`, not used yet. */
  #stamp: Stamp | null = null;
  #lastCheckpoint: Checkpoint | null;
  #sealing: Promise<Checkpoint> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(directory: string, options: LogOptions, lock: Lock) {
    const isNew = listSegments(directory).length === 0;
    const files = options.files ?? systemFiles;
    this.directory = directory;
    this.#options = options;
    this.#lock = lock;
    this.#now = options.now ?? Date.now;
    const keys = loadOrCreateKeys(directory, options.origin ?? 'sallyport/audit', isNew);
    const found = recover(directory, keys.known, files, options.onFound);
    this.publicKey = keys.known.vkey;
    this.#signer = settleKeys(directory, keys, found.current);
    this.cutBytes = found.cutBytes;
    this.#size = found.tree.size;
    this.#lastTime = found.lastTime;
    this.#lastCheckpoint = found.lastCheckpoint;
    const first = found.segment?.first ?? 0;
    this.#segments = new Segments(
      {
        files,
        directory,
        segmentBytes: options.segmentBytes ?? 64 * 1024 * 1024,
        unconfirmedBytes: options.unconfirmedBytes ?? 64 * 1024 * 1024,
        recoverMs: options.recoverMs ?? 500,
        onTrouble: (error) => options.onTrouble?.(error),
      },
      this.#frames,
      first,
      this.#size,
    );
    this.#checkpoints = new CheckpointWriter(files, directory, found.wasKilled);
    this.#sealer = new SealThread(directory, {
      size: found.tree.size,
      roots: found.tree.roots,
      segmentFirst: first,
      offset: this.#segments.length,
    });
    if (this.#size > (this.#lastCheckpoint?.size ?? 0)) this.#scheduleCheckpoint();
  }

  get signingKey(): string {
    return this.#signer.verifier.vkey;
  }

  get size(): number {
    return this.#size;
  }

  next(): Stamp {
    const now = Math.floor(this.#now());
    // A clock set back must not make the log look reordered.
    this.#stamp = { seq: this.#size, time: now > this.#lastTime ? now : this.#lastTime };
    return this.#stamp;
  }

  append(fields: EntryFields): number {
    this.#makeReady();
    const stamp = this.#stamp ?? this.next();
    this.#stamp = null;
    this.#frames.begin();
    this.#frames.add(canonicalEntry(fields, stamp));
    this.#keep(1, stamp.time);
    return stamp.seq;
  }

  appendAll<T>(items: readonly T[], fieldsOf: (item: T, stamp: Stamp) => EntryFields): number {
    this.#makeReady();
    const { seq, time } = this.next();
    this.#stamp = null;
    if (items.length === 0) return seq;
    this.#frames.begin();
    for (let at = 0; at < items.length; at += 1) {
      const stamp = { seq: seq + at, time };
      this.#frames.add(canonicalEntry(fieldsOf(items[at] as T, stamp), stamp));
    }
    this.#keep(items.length, time);
    return seq;
  }

  #makeReady(): void {
    if (this.#closed)
      throw new LogError('closed', `cannot append to the log in ${this.directory}: it is closed`);
    this.#segments.makeReady();
  }

  #keep(entries: number, time: number): void {
    this.#segments.append(entries);
    this.#size += entries;
    this.#lastTime = time;
    if (this.#timer === null) this.#scheduleCheckpoint();
  }

  synced(): Promise<void> {
    return this.#segments.synced();
  }

  checkpoint(): Promise<Checkpoint> {
    return this.#oneAtATime(() => this.#seal());
  }

  rotateKey(): Promise<Checkpoint> {
    return this.#oneAtATime(() => this.#handOver());
  }

  /** The tree has one writer, and so has the file of checkpoints. */
  #oneAtATime(seal: () => Promise<Checkpoint>): Promise<Checkpoint> {
    const sealing = (this.#sealing ?? Promise.resolve()).then(seal, seal);
    this.#sealing = sealing;
    return sealing;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    try {
      await this.#segments.makeGood();
      await this.checkpoint();
    } finally {
      await this.#sealer.close();
      await this.#segments.close();
      this.#checkpoints.close();
      this.#lock.release();
    }
  }

  #scheduleCheckpoint(): void {
    const delay = this.#options.checkpointMs ?? 1000;
    if (delay === 0 || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.checkpoint().catch((error: unknown) => {
        this.#options.onCheckpointFailure?.(asLogError(error));
        if (this.#timer === null) this.#scheduleCheckpoint();
      });
    }, delay).unref();
  }

  async #seal(): Promise<Checkpoint> {
    await this.#checkpoints.settle();
    const size = this.#size;
    if (this.#lastCheckpoint !== null && this.#lastCheckpoint.size === size) return this.#lastCheckpoint;
    const checkpoint = signCheckpoint(size, await this.#rootOf(size), this.#signer);
    this.#lastCheckpoint = checkpoint;
    await this.#checkpoints.append(checkpoint.note);
    return checkpoint;
  }

  async #handOver(): Promise<Checkpoint> {
    await this.#checkpoints.settle();
    const next = makeNextKey(this.directory, this.#signer.name);
    const [from, to] = [this.#signer.verifier.vkey, next.verifier.vkey];
    const size = this.append({ type: 'log-key-changed', facts: { from, to }, v: 1 }) + 1;
    const handover = signHandover(size, await this.#rootOf(size), this.#signer, next);
    this.#lastCheckpoint = handover;
    // From here on the old key signs nothing more, whatever fails: opening the log settles what is left to do.
    this.#signer = next;
    try {
      // On disk before the old key is gone: without this checkpoint nobody would believe the new one.
      await this.#checkpoints.append(handover.note);
      promoteNextKey(this.directory);
    } catch (error) {
      const reason = `cannot put the new key in place in ${this.directory}: ${systemReason(error)}`;
      throw new LogError('sync-failed', `${reason}; it signs, and open the log again to finish`, {
        cause: error,
      });
    }
    return handover;
  }

  async #rootOf(size: number): Promise<Buffer> {
    // A checkpoint on disk over entries that are not would make a power cut look like tampering.
    await this.#segments.synced();
    return this.#sealer.advance(size);
  }
}

function asLogError(error: unknown): LogError {
  if (error instanceof LogError) return error;
  return new LogError('write-failed', `cannot make a checkpoint: ${systemReason(error)}`, { cause: error });
}
