import { fsyncSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { AppendFile } from './append-file.ts';
import { canonicalEntry, type EntryFields, type Stamp } from './canonical.ts';
import { type Checkpoint, signCheckpoint, signHandover } from './checkpoint.ts';
import { checkpointsFile } from './checkpoint-file.ts';
import { loadOrCreateKeys, makeNextKey, promoteNextKey, settleKeys } from './keys.ts';
import { type Lock, takeLock } from './lock.ts';
import { LogError, systemReason } from './log-error.ts';
import type { Signer } from './note.ts';
import { recover } from './recovery.ts';
import { SealThread } from './seal-thread.ts';
import { frameBytes, listSegments, maxEntryBytes, segmentName } from './segment.ts';
import { SyncGroup } from './sync-group.ts';

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
   * `entry-too-large`, `sync-failed`, `closed`.
   */
  append(fields: EntryFields): number;
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
  readonly #options: LogOptions;
  readonly #segmentBytes: number;
  readonly #lock: Lock;
  readonly publicKey: string;
  #signer: Signer;
  readonly #now: () => number;
  readonly #syncs: SyncGroup;
  readonly #sealer: SealThread;
  readonly #checkpoints: AppendFile;
  #segment: AppendFile;
  #size: number;
  #lastTime: number;
  /** Given out by `next`, not used yet. */
  #stamp: Stamp | null = null;
  #lastCheckpoint: Checkpoint | null;
  #sealing: Promise<Checkpoint> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #frame = Buffer.allocUnsafeSlow(64 * 1024);

  constructor(directory: string, options: LogOptions, lock: Lock) {
    const isNew = listSegments(directory).length === 0;
    this.directory = directory;
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? 64 * 1024 * 1024;
    this.#lock = lock;
    this.#now = options.now ?? Date.now;
    const keys = loadOrCreateKeys(directory, options.origin ?? 'sallyport/audit', isNew);
    const found = recover(directory, keys.known, options.onFound);
    this.publicKey = keys.known.vkey;
    this.#signer = settleKeys(directory, keys, found.current);
    this.cutBytes = found.cutBytes;
    this.#size = found.tree.size;
    this.#lastTime = found.lastTime;
    this.#lastCheckpoint = found.lastCheckpoint;
    const first = found.segment?.first ?? 0;
    this.#segment = new AppendFile(join(directory, segmentName(first)));
    this.#checkpoints = new AppendFile(join(directory, checkpointsFile));
    this.#sealer = new SealThread(directory, {
      size: found.tree.size,
      roots: found.tree.roots,
      segmentFirst: first,
      offset: this.#segment.length,
    });
    this.#syncs = new SyncGroup(directory, this.#segment);
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
    if (this.#closed)
      throw new LogError('closed', `cannot append to the log in ${this.directory}: it is closed`);
    this.#syncs.assertSound();
    const stamp = this.#stamp ?? this.next();
    this.#stamp = null;
    const count = this.#encode(canonicalEntry(fields, stamp));
    if (this.#segment.length >= this.#segmentBytes) this.#rotate();
    this.#segment.append(this.#frame, count);
    this.#size += 1;
    this.#lastTime = stamp.time;
    this.#syncs.appended();
    if (this.#timer === null) this.#scheduleCheckpoint();
    return stamp.seq;
  }

  synced(): Promise<void> {
    return this.#syncs.synced();
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
      await this.checkpoint();
      await this.#syncs.synced();
    } finally {
      await this.#sealer.close();
      this.#syncs.close();
      this.#segment.close();
      this.#checkpoints.close();
      this.#lock.release();
    }
  }

  /** Puts the frame of an entry in the reused buffer; its bytes. */
  #encode(text: string): number {
    if (text.length * 3 + frameBytes > this.#frame.length) {
      const bytes = Buffer.byteLength(text);
      if (bytes > maxEntryBytes) {
        throw new LogError(
          'entry-too-large',
          `an entry of ${bytes} bytes is over maxEntryBytes (${maxEntryBytes})`,
        );
      }
      if (bytes + frameBytes > this.#frame.length) this.#frame = Buffer.allocUnsafeSlow(bytes + frameBytes);
    }
    const frame = this.#frame;
    const length = frame.write(text, frameBytes, 'utf8');
    frame.writeUInt32LE(length, 0);
    frame.writeUInt32LE(crc32(frame.subarray(frameBytes, frameBytes + length)), 4);
    return frameBytes + length;
  }

  #rotate(): void {
    this.#segment.repair();
    const next = new AppendFile(join(this.directory, segmentName(this.#size)));
    this.#syncs.rotated(next);
    this.#segment = next;
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
    const size = this.#size;
    if (this.#lastCheckpoint !== null && this.#lastCheckpoint.size === size) return this.#lastCheckpoint;
    return this.#write(signCheckpoint(size, await this.#rootOf(size), this.#signer));
  }

  async #handOver(): Promise<Checkpoint> {
    const next = makeNextKey(this.directory, this.#signer.name);
    const [from, to] = [this.#signer.verifier.vkey, next.verifier.vkey];
    const size = this.append({ type: 'log-key-changed', facts: { from, to }, v: 1 }) + 1;
    const handover = signHandover(size, await this.#rootOf(size), this.#signer, next);
    this.#write(handover);
    // From here on the old key signs nothing more, whatever fails: opening the log settles what is left to do.
    this.#signer = next;
    try {
      // Before the old key is gone: without this checkpoint nobody would believe the new one.
      fsyncSync(this.#checkpoints.fd);
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
    await this.#syncs.synced();
    return this.#sealer.advance(size);
  }

  #write(checkpoint: Checkpoint): Checkpoint {
    const note = Buffer.from(this.#checkpoints.length === 0 ? checkpoint.note : `\n${checkpoint.note}`);
    this.#checkpoints.append(note, note.length);
    this.#lastCheckpoint = checkpoint;
    return checkpoint;
  }
}

function asLogError(error: unknown): LogError {
  if (error instanceof LogError) return error;
  return new LogError('write-failed', `cannot make a checkpoint: ${systemReason(error)}`, { cause: error });
}
