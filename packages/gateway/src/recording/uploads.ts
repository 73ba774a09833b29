import { closeSync, fsyncSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AuditLog } from '../audit/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { recordingFiles } from './catalog.ts';
import type { RecordingConfig } from './config.ts';
import { readObjectPlace } from './object-place.ts';
import type { ObjectLock } from './object-store.ts';
import type { UploadAnswer, UploadRequest, UploadSettings } from './upload-worker.ts';
import { whoseRecordingAt } from './whose-recording.ts';

export interface UploadsDeps {
  readonly clock: Clock;
  readonly audit: AuditLog;
  /** Whether this session's recording is still being written. */
  isOpen(sessionId: string): boolean;
  /** Recordings that cannot be stored, and that their number nears its bound. */
  readonly report: (fault: unknown) => void;
}

/** Copies recordings that are over to an object store. Nobody waits for it. */
export interface Uploads {
  /** This recording grows no more. */
  add(file: string): void;
  /** Whether the store has it. */
  isStored(file: string): boolean;
  /** Whether more waits than may: no session should begin. */
  readonly isFull: boolean;
  close(): Promise<void>;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const DAY_MS = 86_400_000;

/** Null where recordings stay in their folder alone. Fault `config-invalid` when the address of the store is none. */
export function createUploads(config: RecordingConfig, deps: UploadsDeps): Uploads | null {
  const { storage, storageCredentials } = config;
  if (storage === undefined) return null;
  const place = readObjectPlace(storage);
  if (typeof place === 'string') throw new Fault('config-invalid', `recording.storage: ${place}.`);
  if (storageCredentials === undefined)
    throw new Fault('config-invalid', 'recording.storage needs recording.storage_credentials.');
  return new FileUploads(config, { place, ...storageCredentials }, deps);
}

class FileUploads implements Uploads {
  readonly #config: RecordingConfig;
  readonly #settings: UploadSettings;
  readonly #deps: UploadsDeps;
  /** Bytes of each recording that waits, oldest first. */
  readonly #waiting = new Map<string, number>();
  #pending = 0;
  #worker: Worker | null = null;
  #underWay: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #waitMs = FIRST_WAIT_MS;
  #alarmed = false;
  #closed = false;

  constructor(config: RecordingConfig, settings: UploadSettings, deps: UploadsDeps) {
    this.#config = config;
    this.#settings = settings;
    this.#deps = deps;
    // Newest first, as they are listed; what waited longest goes first.
    for (const file of [...recordingFiles(config.directory)].reverse())
      if (!this.isStored(file) && !deps.isOpen(file.slice(11, -'.rec'.length))) this.add(file);
  }

  get isFull(): boolean {
    return this.#pending > this.#config.storagePendingBytes;
  }

  isStored(file: string): boolean {
    return statSync(this.#mark(file), { throwIfNoEntry: false }) !== undefined;
  }

  add(file: string): void {
    const { size } = statSync(join(this.#config.directory, file), { throwIfNoEntry: false }) ?? {};
    if (size === undefined || this.#waiting.has(file)) return;
    this.#waiting.set(file, size);
    this.#pending += size;
    const nearsFull = this.#pending * 2 > this.#config.storagePendingBytes;
    if (nearsFull && !this.#alarmed) this.#alarm(`${this.#pending} bytes wait to be stored`);
    this.#alarmed = nearsFull;
    this.#next();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#worker?.terminate();
  }

  #next(): void {
    if (this.#closed || this.#underWay !== null || this.#timer !== null) return;
    const [file] = this.#waiting.keys();
    if (file === undefined) return;
    if (statSync(join(this.#config.directory, file), { throwIfNoEntry: false }) === undefined) {
      this.#forget(file);
      return this.#next();
    }
    this.#underWay = file;
    this.#worker ??= this.#start();
    this.#worker.postMessage({
      path: join(this.#config.directory, file),
      key: file,
      lock: this.#lock(),
    } satisfies UploadRequest);
  }

  #lock(): ObjectLock | null {
    const { storageLock: lock } = this.#config;
    return lock === undefined
      ? null
      : { mode: lock.mode, until: this.#deps.clock.now() + lock.days * DAY_MS };
  }

  #answered(answer: UploadAnswer): void {
    const file = this.#underWay;
    this.#underWay = null;
    if (file === null || this.#closed) return;
    if ('failure' in answer) return this.#failed(file, answer.failure);
    try {
      this.#stored(file, answer.bytes);
    } catch (error) {
      return this.#failed(file, error instanceof Error ? error.message : String(error));
    }
    this.#forget(file);
    this.#waitMs = FIRST_WAIT_MS;
    this.#next();
  }

  #forget(file: string): void {
    this.#pending -= this.#waiting.get(file) ?? 0;
    this.#waiting.delete(file);
  }

  /** The entry, then the mark: a crash between them stores it once more. */
  #stored(file: string, bytes: number): void {
    const { bucket, prefix } = this.#settings.place;
    const location = `s3://${bucket}/${prefix === '' ? '' : `${prefix}/`}${file}`;
    const sessionId = file.slice(11, -'.rec'.length);
    this.#deps.audit.append({
      type: 'recording-stored',
      ...whoseRecordingAt(join(this.#config.directory, file), sessionId),
      facts: { bytes, file, location },
    });
    const fd = openSync(this.#mark(file), 'w', 0o640);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  #failed(file: string, reason: string): void {
    // Once for each time the store goes away, not for each attempt.
    if (this.#waitMs === FIRST_WAIT_MS) this.#alarm(`${file}: ${reason}`);
    // One that is refused for itself does not keep the others waiting.
    const size = this.#waiting.get(file) ?? 0;
    this.#waiting.delete(file);
    this.#waiting.set(file, size);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#next();
    }, this.#waitMs).unref();
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS);
  }

  #alarm(what: string): void {
    this.#deps.report(
      new Fault(
        'recording-unavailable',
        `cannot store recordings in ${this.#settings.place.bucket}, and keeps them here until it can: ${what}`,
      ),
    );
  }

  #start(): Worker {
    const worker = new Worker(new URL('./upload-worker.ts', import.meta.url), {
      workerData: this.#settings,
      // Nothing of the environment: no proxy, no credential that was not named.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
    });
    worker.unref();
    const gone = (reason: string): void => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      if (this.#underWay !== null) this.#answered({ failure: reason });
    };
    worker.on('message', (answer: UploadAnswer) => this.#answered(answer));
    worker.on('error', (error) => gone(error.message));
    worker.on('exit', () => gone('the thread that stores recordings ended'));
    this.#worker = worker;
    return worker;
  }

  #mark(file: string): string {
    return join(this.#config.directory, `${file.slice(0, -'.rec'.length)}.stored`);
  }
}
