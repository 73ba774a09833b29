import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LogError, systemReason } from './log-error.ts';

/** Held while a log is open. */
export interface Lock {
  release(): void;
}

/**
 * Takes the log for this process. SQLite's file lock is the one lock of the operating system that Node offers: the kernel
 * drops it when the process dies, so nothing is left behind by a kill, and process ids (1 in every container) play no part.
 */
export function takeLock(directory: string): Lock {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(directory, 'lock'));
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const reason = systemReason(error);
    if (/locked|busy/.test(reason)) {
      throw new LogError(
        'locked',
        `the log in ${directory} is open in another process: stop it, or use another directory`,
        {
          cause: error,
        },
      );
    }
    throw new LogError('cannot-open', `cannot lock the log in ${directory}: ${reason}`, { cause: error });
  }
  const held = database;
  return { release: () => held.close() };
}
