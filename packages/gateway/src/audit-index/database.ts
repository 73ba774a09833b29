import { randomInt } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../lib/fault.ts';
import { DamagedIndex } from './bits.ts';

/** File name of the index inside its folder. */
export const INDEX_FILE = 'audit-index.db';

/**
 * Forward only: `user_version` is how many of these a file has had. A change of what terms mean has to empty the tables,
 * so that everything is indexed again. Nothing an entry says stands here but terms, as digests: answers are read from the
 * log itself.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE progress (
     one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, next INTEGER NOT NULL,
     segment INTEGER NOT NULL, offset INTEGER NOT NULL, end INTEGER NOT NULL, last BLOB NOT NULL, time INTEGER NOT NULL
   );
   CREATE TABLE operation (
     seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL
   );
   CREATE TABLE session (
     number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, time INTEGER NOT NULL,
     segment INTEGER NOT NULL, offset INTEGER NOT NULL, end_segment INTEGER, end_offset INTEGER,
     permitted INTEGER NOT NULL DEFAULT 0, denied INTEGER NOT NULL DEFAULT 0
   );
   CREATE TABLE term (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE);
   CREATE TABLE operation_posting (place INTEGER PRIMARY KEY, bits BLOB NOT NULL);
   CREATE TABLE session_posting (place INTEGER PRIMARY KEY, bits BLOB NOT NULL);`,
  // Logins are found as well: what was indexed without them is indexed again.
  `DELETE FROM progress; DELETE FROM operation; DELETE FROM session; DELETE FROM term;
   DELETE FROM operation_posting; DELETE FROM session_posting;`,
];

const TABLES = ['progress', 'operation', 'session', 'term', 'operation_posting', 'session_posting'];

/**
 * SQLITE_CORRUPT and SQLITE_NOTADB; SQLITE_ERROR for a table that is not there, SQLITE_CONSTRAINT for a row that should
 * not be (https://sqlite.org/rescode.html).
 */
const DAMAGED_CODES: readonly number[] = [11, 26, 1, 19];

/** A posting's key: by block first, so that what is written now lies together however many terms there are. */
const TERMS = 2 ** 32;

export function postingKey(block: number, term: number): number {
  return block * TERMS + term;
}

/** Whether what was thrown means that the file has to be made anew. */
export function isDamaged(error: unknown): boolean {
  if (error instanceof DamagedIndex) return true;
  const code = error instanceof Error && 'errcode' in error ? error.errcode : null;
  return typeof code === 'number' && DAMAGED_CODES.includes(code & 0xff);
}

/** The index of one log. One that is damaged, or of a version this gateway does not know, is thrown away: it can be made anew. */
export class IndexDatabase {
  readonly directory: string;
  readonly file: string;
  #database: DatabaseSync;
  #inode: bigint;

  /** Throws Fault `storage-unavailable`. */
  constructor(directory: string) {
    this.directory = directory;
    this.file = join(directory, INDEX_FILE);
    try {
      this.#database = this.#open();
      this.#inode = this.#inodeNow();
    } catch (cause) {
      throw new Fault('storage-unavailable', `Could not open the index of the audit log in "${directory}".`, {
        cause,
      });
    }
  }

  get database(): DatabaseSync {
    return this.#database;
  }

  /** Whether somebody else threw the file away while it was open here. */
  get isGone(): boolean {
    return this.#inodeNow() !== this.#inode;
  }

  /** Opens what stands in the folder now. */
  reopen(): void {
    this.close();
    this.#database = this.#open();
    this.#inode = this.#inodeNow();
  }

  /** Removes the file and begins an empty one. */
  throwAway(): void {
    this.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.file + suffix, { force: true });
    this.reopen();
  }

  /** Empties it in one transaction, for whoever else has it open. */
  clear(): void {
    this.transaction(() => {
      for (const table of TABLES) this.#database.exec(`DROP TABLE IF EXISTS ${table}`);
      this.#database.exec('PRAGMA user_version = 0');
      migrate(this.#database, 0);
    });
  }

  /** One writer at a time, whichever process it is in. */
  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #open(): DatabaseSync {
    try {
      return this.#openFile();
    } catch (error) {
      if (!isDamaged(error)) throw error;
      for (const suffix of ['', '-wal', '-shm']) rmSync(this.file + suffix, { force: true });
      return this.#openFile();
    }
  }

  #openFile(): DatabaseSync {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    // Made before SQLite sees it, so that it is never readable by others; -wal and -shm take its mode.
    closeSync(openSync(this.file, 'a', 0o600));
    chmodSync(this.file, 0o600);
    const database = new DatabaseSync(this.file, { timeout: 10_000 });
    try {
      // NORMAL: what a power cut takes is indexed again; the file stays whole (https://sqlite.org/wal.html).
      database.exec(
        'PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA trusted_schema = OFF',
      );
      const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
      if (version > MIGRATIONS.length) throw new DamagedIndex(`version ${version} is of a newer gateway`);
      if (version < MIGRATIONS.length) upgrade(database);
      database.prepare('SELECT generation FROM progress').get();
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #inodeNow(): bigint {
    return statSync(this.file, { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;
  }
}

function upgrade(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  // Read again: another process may have been quicker.
  migrate(database, Number(database.prepare('PRAGMA user_version').get()?.user_version));
  database.exec('COMMIT');
}

function migrate(database: DatabaseSync, version: number): void {
  for (const step of MIGRATIONS.slice(version)) database.exec(step);
  database
    .prepare(
      `INSERT INTO progress VALUES (1, ?, 0, 0, 0, 0, x'', 0) ON CONFLICT DO UPDATE SET generation = excluded.generation`,
    )
    .run(randomInt(2 ** 47));
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
}
