import { hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogEntry } from '@sallyport/audit-log';
import { recordingFile, recordingFiles } from './catalog.ts';
import { frameHeadBytes, maxFrameBytes } from './format.ts';

export interface RecordingProblem {
  readonly sessionId: string;
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
}

/** A recording that is gone, and the entry that says why. */
export interface DeletedRecording {
  readonly sessionId: string;
  readonly file: string;
  /** Milliseconds since the epoch. */
  readonly deletedAt: number;
  /** The policy, as the entry has it. */
  readonly reason: string;
}

export interface RecordingsReport {
  /** In the order they were found; at most `maxProblems`. Empty: every recording is whole and none is missing. */
  readonly problems: readonly RecordingProblem[];
  readonly recordings: number;
  readonly chunks: number;
  /** Recordings that retention deleted, with an entry first; their hashes are still in the log. */
  readonly deleted: readonly DeletedRecording[];
  /** Recordings with no end: their session is open, or the gateway was killed. */
  readonly unfinished: readonly string[];
}

export const maxProblems = 1000;

/** Largest chunk that is read to be checked. */
const maxChunkBytes = maxFrameBytes + frameHeadBytes;

/**
 * Checks every chunk of every recording against the audit log: altered, cut, extended, missing and foreign recordings are
 * problems, and so is one that was deleted while it was held. `entries` is the whole log (`readLog`), which `verifyLog` must have found sound: this trusts it.
 */
export async function verifyRecordings(
  directory: string,
  entries: Iterable<LogEntry>,
): Promise<RecordingsReport> {
  const verification = new Verification(directory);
  for (const { fields } of entries) {
    const { type, sessionId, facts } = fields;
    if (typeof sessionId !== 'string') continue;
    if (type === 'recording-held' || type === 'recording-released')
      verification.held(sessionId, type === 'recording-held');
    if (type === 'recording-deleted') verification.deleted(sessionId, fields);
    if (type === 'recording-chunk') await verification.chunk(sessionId, facts as ChunkFacts | undefined);
    if (type === 'session-ended') verification.sessionEnded(sessionId);
  }
  return verification.finish();
}

/** As an entry has them; every field is checked before it is used. */
type ChunkFacts = Readonly<Record<'file' | 'chunk' | 'offset' | 'bytes' | 'sha256' | 'last', unknown>>;

interface Progress {
  readonly sessionId: string;
  readonly file: string;
  chunks: number;
  bytes: number;
  ended: boolean;
  broken: boolean;
  /** The offset at which it was found not to be there; only an entry that says it was deleted excuses that. */
  missingAt: number | null;
  deleted: DeletedRecording | null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

class Verification {
  readonly #directory: string;
  readonly #sessions = new Map<string, Progress>();
  readonly #problems: RecordingProblem[] = [];
  readonly #held = new Set<string>();
  #chunks = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async chunk(sessionId: string, facts: ChunkFacts | undefined): Promise<void> {
    const { file, chunk, offset, bytes, sha256, last } = facts ?? ({} as ChunkFacts);
    if (typeof file !== 'string' || !recordingFile.test(file) || !isCount(bytes) || bytes > maxChunkBytes) {
      this.#problem({ sessionId, file: '' }, 0, 'its entry in the log does not describe a chunk');
      return;
    }
    let progress = this.#sessions.get(sessionId);
    if (progress === undefined) {
      progress = {
        sessionId,
        file,
        chunks: 0,
        bytes: 0,
        ended: false,
        broken: false,
        missingAt: null,
        deleted: null,
      };
      this.#sessions.set(sessionId, progress);
    }
    if (progress.broken) return;
    this.#chunks += 1;
    if (progress.file !== file || progress.chunks !== chunk || progress.bytes !== offset || progress.ended) {
      this.#problem(
        progress,
        progress.bytes,
        `the log has chunk ${String(chunk)} where chunk ${progress.chunks} is next`,
      );
      return;
    }
    const actual = progress.missingAt === null ? await this.#hashOf(progress, bytes) : null;
    if (progress.broken) return;
    if (actual !== sha256 && progress.missingAt === null) {
      this.#problem(progress, progress.bytes, `chunk ${progress.chunks} is not what was recorded`);
      return;
    }
    progress.chunks += 1;
    progress.bytes += bytes;
    progress.ended = last === true;
  }

  sessionEnded(sessionId: string): void {
    const progress = this.#sessions.get(sessionId);
    if (progress !== undefined && !progress.ended && !progress.broken) {
      this.#problem(progress, progress.bytes, 'the session ended, but not its recording');
    }
  }

  held(sessionId: string, isHeld: boolean): void {
    if (isHeld) this.#held.add(sessionId);
    else this.#held.delete(sessionId);
  }

  deleted(sessionId: string, { time, reason, facts }: LogEntry['fields']): void {
    const progress = this.#sessions.get(sessionId);
    if (progress === undefined || (facts as ChunkFacts | undefined)?.file !== progress.file) return;
    if (this.#held.has(sessionId)) {
      this.#problem(progress, 0, 'it was deleted by retention although it was held');
      return;
    }
    const { file } = progress;
    progress.deleted = {
      sessionId,
      file,
      deletedAt: Number(time),
      reason: typeof reason === 'string' ? reason : '',
    };
  }

  async finish(): Promise<RecordingsReport> {
    const unfinished: string[] = [];
    const deleted: DeletedRecording[] = [];
    const known = new Set<string>();
    for (const progress of this.#sessions.values()) {
      known.add(progress.file);
      if (progress.broken) continue;
      if (progress.missingAt !== null) {
        if (progress.deleted !== null) deleted.push(progress.deleted);
        else
          this.#problem(
            progress,
            progress.missingAt,
            'it is missing, and nothing in the log says that it was deleted',
          );
      } else if (!progress.ended) unfinished.push(progress.sessionId);
      else if ((await this.#sizeOf(progress.file)) !== progress.bytes) {
        this.#problem(progress, progress.bytes, 'bytes follow the end of the recording');
      }
    }
    for (const file of recordingFiles(this.#directory)) {
      if (known.has(file)) continue;
      this.#problem({ sessionId: '', file }, 0, 'the log knows nothing of this recording');
    }
    const { size: recordings } = this.#sessions;
    return { problems: this.#problems, recordings, chunks: this.#chunks, deleted, unfinished };
  }

  async #hashOf(progress: Progress, bytes: number): Promise<string | null> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(join(this.#directory, progress.file), 'r');
      const buffer = Buffer.allocUnsafe(bytes);
      const { bytesRead } = await handle.read(buffer, 0, bytes, progress.bytes);
      if (bytesRead === bytes) return hash('sha256', buffer, 'hex');
      this.#problem(progress, progress.bytes + bytesRead, `chunk ${progress.chunks} is cut short or missing`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') progress.missingAt = progress.bytes;
      else
        this.#problem(
          progress,
          progress.bytes,
          `it cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        );
    } finally {
      await handle?.close();
    }
    return null;
  }

  async #sizeOf(file: string): Promise<number> {
    const handle = await open(join(this.#directory, file), 'r');
    try {
      return (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  }

  #problem(
    where: { sessionId: string; file: string; broken?: boolean },
    offset: number,
    reason: string,
  ): void {
    where.broken = true;
    const { sessionId, file } = where;
    if (this.#problems.length < maxProblems) this.#problems.push({ sessionId, file, offset, reason });
  }
}
