import {
  close,
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  open,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';

const openAsync = promisify(open);
const closeAsync = promisify(close);
const dataSync = promisify(fdatasync);
const fullSync = promisify(fsync);

/** Every change a log makes to its entries and checkpoints goes through here, so that each can be made to fail. */
export interface LogFiles {
  /** Opens for appending, and makes it when it is not there. */
  open(path: string): number;
  /** Makes a new, empty file: never one whose pages a disk has refused before. */
  create(path: string): number;
  size(fd: number): number;
  /** Appends bytes [from, from + count); how many were taken. */
  write(fd: number, bytes: Uint8Array, from: number, count: number): number;
  truncate(fd: number, length: number): void;
  sync(fd: number): Promise<void>;
  syncNow(fd: number): void;
  syncFolder(path: string): Promise<void>;
  syncFolderNow(path: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  close(fd: number): void;
}

const fileMode = 0o640;

export const systemFiles: LogFiles = {
  open: (path) => openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, fileMode),
  create(path) {
    rmSync(path, { force: true });
    return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, fileMode);
  },
  size: (fd) => fstatSync(fd).size,
  write: (fd, bytes, from, count) => writeSync(fd, bytes, from, count),
  truncate: ftruncateSync,
  sync: dataSync,
  syncNow: fdatasyncSync,
  async syncFolder(path) {
    const fd = await openAsync(path, 'r');
    try {
      await fullSync(fd);
    } finally {
      await closeAsync(fd);
    }
  },
  syncFolderNow(path) {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
  rename: renameSync,
  remove: (path) => rmSync(path),
  close: closeSync,
};

/** What has to be on disk before a procedure may go on; or nothing has, and others get a turn. */
export type ToSync = { readonly fd: number } | { readonly folder: string } | { readonly turn: true };

/** Carries out a procedure without holding up the loop; rejects with what failed, and the procedure was told. */
export async function carryOut(files: LogFiles, procedure: Generator<ToSync, void>): Promise<void> {
  for (let step = procedure.next(); step.done !== true; step = procedure.next()) {
    try {
      if ('fd' in step.value) await files.sync(step.value.fd);
      else if ('folder' in step.value) await files.syncFolder(step.value.folder);
      else await nextTurn();
    } catch (error) {
      procedure.throw(error);
    }
  }
}

/** The same at once, for opening a log. */
export function carryOutNow(files: LogFiles, procedure: Generator<ToSync, void>): void {
  for (let step = procedure.next(); step.done !== true; step = procedure.next()) {
    try {
      if ('fd' in step.value) files.syncNow(step.value.fd);
      else if ('folder' in step.value) files.syncFolderNow(step.value.folder);
    } catch (error) {
      procedure.throw(error);
    }
  }
}

/** Writes all of it; a nearly full disk takes what fits and says so only on the next write. */
export function writeAll(
  files: LogFiles,
  fd: number,
  bytes: Uint8Array,
  from = 0,
  count = bytes.length,
): void {
  let written = 0;
  while (written < count) written += files.write(fd, bytes, from + written, count - written);
}
