import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { exitCode, Failure } from './failure.ts';

/** Where the files of a gateway are, for commands that need no gateway. */
export interface FolderOptions {
  /** The data directory; the log is `audit`, the recordings are `recordings` and the index is `index` in it. */
  readonly data?: string;
  /** A configuration to take the folders from instead. */
  readonly config?: string;
}

export interface Folders {
  readonly audit: string;
  readonly recordings: string;
  readonly index: string;
}

/** Adds those options to a command. */
export function withFolders(command: Command, fallback: string): Command {
  return command
    .option('--data <dir>', `the data directory (default: ${fallback})`)
    .option('-c, --config <file>', 'a configuration to take the folders from instead');
}

/** The folders, of which that of the log is there. */
export async function foldersOf({ data, config }: FolderOptions): Promise<Folders> {
  const folders = config === undefined ? inData(data ?? './data') : await configured(config);
  if (existsSync(folders.audit)) return folders;
  throw new Failure(
    exitCode.usage,
    `There is no audit log in ${folders.audit}: name the data directory with --data DIR.`,
  );
}

function inData(directory: string): Folders {
  const folder = (name: string) => join(directory, name);
  return { audit: folder('audit'), recordings: folder('recordings'), index: folder('index') };
}

async function configured(file: string): Promise<Folders> {
  const { loadConfig } = await import('@sallyport/gateway');
  const { audit, recording, auditIndex } = loadConfig(file);
  return { audit: audit.directory, recordings: recording.directory, index: auditIndex.directory };
}
