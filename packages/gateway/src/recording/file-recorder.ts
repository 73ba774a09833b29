import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditLog } from '../audit/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { ChunkPool } from './chunk.ts';
import type { RecordingConfig } from './config.ts';
import { FileRecording } from './file-recording.ts';
import type { Recorder, Recording, RecordingHeader } from './recording.ts';
import { type Disk, realDisk } from './recording-file.ts';

export interface RecorderDeps {
  readonly clock: Clock;
  /** Where the hash of every chunk goes. */
  readonly audit: AuditLog;
  /** Told of each recording that cannot be written, once until it can. */
  readonly onFailure?: (fault: Fault) => void;
  /** Told of each recording that grows no more. */
  readonly onOver?: (file: string) => void;
  /** Whether no session should begin, because too many recordings wait for their store. */
  readonly isFull?: () => boolean;
  /** Default: the disk there is. */
  readonly disk?: Disk;
}

/** Makes the recorder of this replica. Nothing is touched before the first session. */
export function createRecorder(config: RecordingConfig, deps: RecorderDeps): Recorder {
  return new FileRecorder(config, deps);
}

/** What all recordings share: buffers, the bound on what waits for the disk, and one timer. */
export interface House {
  readonly config: RecordingConfig;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly pool: ChunkPool;
  readonly disk: Disk;
  /** Bytes that wait for the disk, over all recordings. */
  pending: number;
  /** Nobody waits any more for a disk that takes nothing. */
  readonly stopping: boolean;
  /** This recording has something to write, or a file to close: call its `tick`. */
  wake(recording: FileRecording): void;
  /** It is over. */
  forget(recording: FileRecording): void;
  failed(fault: Fault): void;
}

class FileRecorder implements Recorder, House {
  readonly config: RecordingConfig;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly pool = new ChunkPool();
  readonly disk: Disk;
  pending = 0;
  readonly #onOver: RecorderDeps['onOver'];
  readonly #isFull: RecorderDeps['isFull'];
  readonly #onFailure: ((fault: Fault) => void) | undefined;
  readonly #open = new Set<FileRecording>();
  readonly #awake = new Set<FileRecording>();
  #timer: NodeJS.Timeout | null = null;
  #folder = '';
  stopping = false;

  constructor(config: RecordingConfig, deps: RecorderDeps) {
    this.config = config;
    this.clock = deps.clock;
    this.audit = deps.audit;
    this.disk = deps.disk ?? realDisk;
    this.#onOver = deps.onOver;
    this.#isFull = deps.isFull;
    this.#onFailure = deps.onFailure;
  }

  begin(header: RecordingHeader): Recording {
    const { sessionId, startedAt } = header;
    // It becomes a file name.
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(sessionId)) {
      throw new Fault(
        'recording-unavailable',
        `cannot record a session called "${sessionId}": it is no file name`,
      );
    }
    if (this.stopping)
      throw new Fault('recording-unavailable', 'cannot start a recording: the gateway is stopping');
    if (this.#isFull?.() === true)
      throw new Fault(
        'recording-unavailable',
        'cannot start a recording: more wait to be stored than recording.storage_pending_bytes',
      );
    const folder = new Date(startedAt).toISOString().slice(0, 10);
    this.#makeFolder(folder);
    const recording = new FileRecording(this, `${folder}/${sessionId}.rec`, header);
    this.#open.add(recording);
    return recording;
  }

  stop(): void {
    this.stopping = true;
    for (const recording of this.#open) if (recording.ending) recording.giveUp();
  }

  isOpen(sessionId: string): boolean {
    for (const recording of this.#open) if (recording.sessionId === sessionId) return true;
    return false;
  }

  async close(): Promise<void> {
    this.stop();
    await Promise.allSettled([...this.#open].map((recording) => recording.end('the gateway stopped')));
    this.#stop();
  }

  wake(recording: FileRecording): void {
    this.#awake.add(recording);
    this.#timer ??= setInterval(() => this.#tick(), this.config.flushMs).unref();
  }

  forget(recording: FileRecording): void {
    this.#open.delete(recording);
    this.#awake.delete(recording);
    this.#onOver?.(recording.file);
  }

  failed(fault: Fault): void {
    this.#onFailure?.(fault);
  }

  #tick(): void {
    for (const recording of this.#awake) {
      if (!recording.tick()) this.#awake.delete(recording);
    }
    if (this.#awake.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #makeFolder(folder: string): void {
    if (folder === this.#folder) return;
    try {
      mkdirSync(join(this.config.directory, folder), { recursive: true, mode: 0o750 });
    } catch (error) {
      throw new Fault(
        'recording-unavailable',
        `cannot make the folder for recordings of ${folder}: ${String(error)}`,
        {
          cause: error,
        },
      );
    }
    this.#folder = folder;
  }
}
