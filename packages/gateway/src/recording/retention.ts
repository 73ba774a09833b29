import { constants } from 'node:fs';
import { open, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { findRecording, recordingFiles } from './catalog.ts';
import type { RecordingConfig } from './config.ts';
import { whoseRecordingAt } from './whose-recording.ts';

export interface RetentionDeps {
  readonly clock: Clock;
  readonly audit: AuditLog;
  /** Whether this session's recording is still being written. */
  isOpen(sessionId: string): boolean;
  /** Whether a recording is where it has to be before it may be deleted here. Default: it is. */
  isKept?(file: string): boolean;
  /** A file that cannot be deleted; the rest is, and it is tried again. */
  readonly report: (fault: unknown) => void;
}

/** Who holds or releases a recording. */
export interface Holder {
  readonly subject: string;
  readonly actor: string | null;
  readonly task: string | null;
}

/** How long recordings are kept, and which are held whatever their age. */
export interface Retention {
  /** Keeps a recording until it is released. Fault `not-found` when there is none. Doing it again does nothing. */
  hold(sessionId: string, by: Holder, reason: string): Promise<void>;
  /** Fault `conflict` when it is not held. */
  release(sessionId: string, by: Holder, reason: string): Promise<void>;
  /** Deletes what is old and not held; how many recordings that were. */
  apply(): Promise<number>;
}

const DAY_MS = 86_400_000;

/** Recordings whose entries share one sync of the log. */
const BATCH = 64;

export function createRetention(config: RecordingConfig, deps: RetentionDeps): Retention {
  return new FileRetention(config, deps);
}

class FileRetention implements Retention {
  readonly #config: RecordingConfig;
  readonly #deps: RetentionDeps;
  /** One thing at a time: a recording is not held while it is about to be deleted. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(config: RecordingConfig, deps: RetentionDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  hold(sessionId: string, { subject, actor, task }: Holder, reason: string): Promise<void> {
    return this.#inTurn(async () => {
      const file = this.#fileOf(sessionId);
      if (await isHeld(file)) return;
      const { audit } = this.#deps;
      audit.append({ type: 'recording-held', ...about(file, sessionId), subject, actor, task, reason });
      await audit.synced();
      await mark(file);
    });
  }

  release(sessionId: string, { subject, actor, task }: Holder, reason: string): Promise<void> {
    return this.#inTurn(async () => {
      const file = this.#fileOf(sessionId);
      if (!(await isHeld(file))) throw new Fault('conflict', `The recording of ${sessionId} is not held.`);
      const { audit } = this.#deps;
      audit.append({ type: 'recording-released', ...about(file, sessionId), subject, actor, task, reason });
      await audit.synced();
      await unlink(markOf(file));
    });
  }

  async apply(): Promise<number> {
    if (this.#config.retention === undefined) return 0;
    const { directory } = this.#config;
    const oldest = this.#oldest;
    let deleted = 0;
    let batch: string[] = [];
    for (const file of recordingFiles(directory)) {
      // The day it began, which spares most files a look.
      if (Date.parse(file.slice(0, 10)) >= oldest) continue;
      batch.push(file);
      if (batch.length < BATCH) continue;
      deleted += await this.#delete(batch);
      batch = [];
    }
    return deleted + (await this.#delete(batch));
  }

  /** Milliseconds since the epoch; what was last written before is old. */
  get #oldest(): number {
    return this.#deps.clock.now() - (this.#config.retention?.days ?? 0) * DAY_MS;
  }

  #delete(files: readonly string[]): Promise<number> {
    return this.#inTurn(async () => {
      const { audit, report } = this.#deps;
      const due: string[] = [];
      for (const file of files) if (await this.#isDue(file)) due.push(file);
      if (due.length === 0) return 0;
      // The entry first: a recording that is gone without one has been taken away by somebody.
      await audit.synced();
      let deleted = 0;
      for (const file of due) {
        try {
          await unlink(join(this.#config.directory, file));
          deleted += 1;
          await rm(join(this.#config.directory, `${file.slice(0, -'.rec'.length)}.stored`), { force: true });
          await rmdir(join(this.#config.directory, dirname(file))).catch(() => undefined);
        } catch (cause) {
          report(
            new Fault('recording-unavailable', `cannot delete the recording ${file}: ${String(cause)}`, {
              cause,
            }),
          );
        }
      }
      return deleted;
    });
  }

  /** Whether it is deleted; then its entry is in the log. */
  async #isDue(file: string): Promise<boolean> {
    const { audit, isOpen, isKept } = this.#deps;
    const { directory, retention } = this.#config;
    const path = join(directory, file);
    const sessionId = file.slice(11, -'.rec'.length);
    const found = await stat(path).catch(() => null);
    if (found === null || retention === undefined || found.mtimeMs >= this.#oldest) return false;
    if (isOpen(sessionId) || isKept?.(file) === false || (await isHeld(path))) return false;
    audit.append({
      type: 'recording-deleted',
      ...whoseRecordingAt(path, sessionId),
      reason: `recording.retention: last written more than ${retention.days} days ago`,
      facts: { bytes: found.size, days: retention.days, file, keep: retention.keep },
    });
    return true;
  }

  #fileOf(sessionId: string): string {
    const path = findRecording(this.#config.directory, sessionId);
    if (path === null) throw new Fault('not-found', `There is no recording of session ${sessionId}.`);
    return path;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act, act);
    this.#last = turn;
    return turn;
  }
}

/** What an entry of somebody who holds or releases a recording says of its session: theirs is the subject of the entry. */
function about(path: string, id: string): Pick<AuditEntry, 'sessionId' | 'target' | 'protocol' | 'facts'> {
  const { sessionId, subject, actor, target, protocol } = whoseRecordingAt(path, id);
  const whose = {
    ...(subject === undefined ? {} : { sessionSubject: subject }),
    ...(actor === undefined || actor === null ? {} : { sessionActor: actor }),
  };
  return {
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(target === undefined ? {} : { target }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(Object.keys(whose).length === 0 ? {} : { facts: whose }),
  };
}

/** The mark of a held recording lies beside it; that it is held, since when and why is in the log. */
function markOf(path: string): string {
  return `${path.slice(0, -'.rec'.length)}.hold`;
}

/** What cannot be told is held. */
async function isHeld(path: string): Promise<boolean> {
  try {
    await stat(markOf(path));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

async function mark(path: string): Promise<void> {
  const handle = await open(
    markOf(path),
    constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW,
    0o640,
  );
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  // The name has to survive a power cut, not only the file.
  const folder = await open(dirname(path), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
