/** Finding the audit log, its key and checkpoints kept elsewhere, for the commands about it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findNotes, publicKeyFile } from '@sallyport/audit-log';
import { exitCode, Failure } from '../failure.ts';

/** Where the files of a gateway are, for commands that need no gateway. */
export interface FolderOptions {
  /** The data directory; the log is `audit`, the recordings are `recordings` and the index is `index` in it. */
  readonly data?: string;
  /** A configuration to take the folders from instead. */
  readonly config?: string;
}

export interface LogOptions extends FolderOptions {
  readonly publicKey?: string;
}

export interface Folders {
  readonly audit: string;
  readonly recordings: string;
  readonly index: string;
}

/** Where the log, the recordings and the index are; a Failure when there is no log. */
export async function foldersOf(options: FolderOptions): Promise<Folders> {
  const folders = await named(options);
  if (existsSync(folders.audit)) return folders;
  throw new Failure(
    exitCode.usage,
    `There is no audit log in ${folders.audit}: name the data directory with --data DIR.`,
  );
}

async function named({ data, config }: FolderOptions): Promise<Folders> {
  if (config === undefined) {
    const directory = data ?? './data';
    const folder = (name: string) => join(directory, name);
    return { audit: folder('audit'), recordings: folder('recordings'), index: folder('index') };
  }
  const { loadConfig } = await import('@sallyport/gateway');
  const { audit, recording, auditIndex } = loadConfig(config);
  return { audit: audit.directory, recordings: recording.directory, index: auditIndex.directory };
}

/** The public key to check with, and where it is from: beside the log, unless one is named. */
export function keyOf(
  { audit }: Folders,
  { publicKey }: LogOptions,
): { readonly key: string; readonly keyFile: string } {
  const keyFile = publicKey ?? join(audit, publicKeyFile);
  return { key: readWhole(keyFile, 'public key', '--public-key').trim(), keyFile };
}

/** Every signed note in a file: one checkpoint, or a copy of the log's own `checkpoints`. */
export function readCheckpoints(file: string, option: string): readonly [string, ...string[]] {
  const [first, ...more] = findNotes(readWhole(file, 'checkpoint', option));
  if (first !== undefined) return [first, ...more];
  throw new Failure(exitCode.usage, `There is no signed checkpoint in ${file}.`);
}

/** The one signed note of a file, or the newest of many. */
export function readCheckpoint(file: string, option: string): string {
  const notes = readCheckpoints(file, option);
  return notes.at(-1) ?? notes[0];
}

export function readWhole(file: string, what: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Failure(
      exitCode.usage,
      `Cannot read the ${what} ${file} (${why}): name it with ${option} FILE.`,
      { cause },
    );
  }
}
