/**
 * Writing a file anew. After a sync that failed, the system may have dropped pages it could not write and call them clean:
 * writing them again in place, or syncing again, can succeed without them. A new file has no such pages. It takes the old
 * one's name when all of it is on disk, so a crash at any moment leaves one file or the other, each a log to be opened.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LogError } from './log-error.ts';
import { type LogFiles, type ToSync, writeAll } from './log-files.ts';

const partSuffix = '.part';
const copyBytes = 1024 * 1024;

/** Replaces a file by its own first `length` bytes and these. The folder is to be synced after. */
export function* writeAnew(
  files: LogFiles,
  path: string,
  length: number,
  pieces: Iterable<Uint8Array>,
): Generator<ToSync, void> {
  const part = path + partSuffix;
  const fd = files.create(part);
  try {
    for (const piece of beginningOf(path, length)) {
      writeAll(files, fd, piece);
      yield { turn: true };
    }
    for (const piece of pieces) writeAll(files, fd, piece);
    yield { fd };
  } finally {
    files.close(fd);
  }
  files.rename(part, path);
}

/** Takes away what a crash left of files that were being written anew. */
export function removeParts(files: LogFiles, directory: string): void {
  for (const name of readdirSync(directory))
    if (name.endsWith(partSuffix)) files.remove(join(directory, name));
}

/** Each piece is only good until the next one is asked for. */
function* beginningOf(path: string, length: number): Generator<Buffer, void> {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.min(length, copyBytes));
    for (let at = 0; at < length; ) {
      const read = readSync(fd, buffer, 0, Math.min(buffer.length, length - at), at);
      if (read === 0)
        throw new LogError(
          'damaged',
          `${path} in ${dirname(path)} ends before the ${length} bytes that were written to it`,
        );
      yield buffer.subarray(0, read);
      at += read;
    }
  } finally {
    closeSync(fd);
  }
}
