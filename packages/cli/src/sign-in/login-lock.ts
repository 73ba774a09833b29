import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { exitCode, Failure } from '../failure.ts';
import { makeFolder } from './saved-login.ts';

/** Longest wait for another process that renews a login. */
const WAIT_MS = 60_000;
const POLL_MS = 50;

/**
 * Runs something while no other process does. The lock is the file lock of an empty SQLite database: it goes with the
 * process that held it, so that a crash leaves nothing to clean up.
 */
export async function lockingLogins<T>(
  environment: Readonly<Record<string, string | undefined>>,
  work: () => Promise<T>,
): Promise<T> {
  const file = join(makeFolder(environment), 'lock');
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    await take(database, file);
    return await work();
  } finally {
    database.close();
  }
}

async function take(database: DatabaseSync, file: string): Promise<void> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    try {
      database.exec('BEGIN EXCLUSIVE');
      return;
    } catch (cause) {
      if (!isBusy(cause)) throw cause;
      if (performance.now() > until)
        throw new Failure(exitCode.failed, `Another process has held ${file} for a minute; end it.`, {
          cause,
        });
    }
    await pause(POLL_MS);
  }
}

const BUSY = 5;

function isBusy(error: unknown): boolean {
  return (error as { readonly errcode?: number }).errcode === BUSY;
}
