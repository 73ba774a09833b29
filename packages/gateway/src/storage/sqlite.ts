import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type Dialect, type SqliteDatabase, SqliteDialect } from 'kysely';
import { Fault } from '../lib/fault.ts';

/** File name of the embedded store inside its folder. */
export const STORE_FILE = 'sallyport.db';

/** Opens the embedded store for Kysely. Throws Fault `storage-unavailable`. */
export function sqliteDialect(directory: string): Dialect {
  return new SqliteDialect({ database: openDatabase(directory) });
}

function openDatabase(directory: string): SqliteDatabase {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = join(directory, STORE_FILE);
    // Made before SQLite sees it, so that it is never readable by others; -wal and -shm take its mode.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    const database = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: 5_000 });
    // FULL: a decision that was answered survives a power cut. secure_delete: erased operation text is overwritten.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
    return asKyselyDatabase(database);
  } catch (cause) {
    throw new Fault(
      'storage-unavailable',
      `Could not open the embedded store in "${directory}" (storage.directory).`,
      {
        cause,
      },
    );
  }
}

/** Kysely's SQLite driver expects statements that take their parameters as one list. */
function asKyselyDatabase(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        // Rows of node:sqlite have no prototype; those of every other store do.
        all: (parameters) => statement.all(...inputs(parameters)).map((row) => ({ ...row })),
        run: (parameters) => statement.run(...inputs(parameters)),
        iterate: (parameters) => statement.iterate(...inputs(parameters)),
      };
    },
  };
}

function inputs(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => {
    if (
      value === null ||
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'bigint'
    ) {
      return value;
    }
    throw new Fault('storage-unavailable', `Could not store a value of type ${typeof value}.`);
  });
}
