/**
 * Writing the end of a log anew, in a file of its own. After a sync that failed, the system may have dropped pages it could
 * not write and call them clean: writing them again in place, or syncing again, can succeed without them. A new file has no
 * such pages. Whatever step a crash comes after, opening the log finds one reading of it:
 *
 *   1. `N.part`: the entries from N on, being written. Means nothing, and is removed.
 *   2. `N.tail`: they are on disk, all of them. From here on they count, and what the segments hold from N on does not.
 *   3. what the segments hold from N on is cut, which leaves them a log that ends before N
 *   4. `N.entries`: the tail is a segment like any other.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type LogFiles, type ToSync, writeAll } from './log-files.ts';
import { listSegments, seqText, segmentName } from './segment.ts';

/** Where entry `seq` begins, or would: in which segment, by its first entry, and where in that. */
export interface TailStart {
  readonly seq: number;
  readonly segment: number;
  readonly offset: number;
}

const tailForm = /^(\d{16})\.tail$/;
const partForm = /^\d{16}\.part$/;

/** Writes the entries from `start` on into a segment of their own. */
export function* moveTail(
  files: LogFiles,
  directory: string,
  start: TailStart,
  pieces: Iterable<Uint8Array>,
): Generator<ToSync, void> {
  const part = join(directory, `${seqText(start.seq)}.part`);
  const fd = files.create(part);
  try {
    for (const piece of pieces) writeAll(files, fd, piece);
    yield { fd };
  } finally {
    files.close(fd);
  }
  files.rename(part, join(directory, tailName(start.seq)));
  yield { folder: directory };
  yield* settleTail(files, directory, start);
}

/** Puts a tail that is on disk in the place of what the segments hold from there on. */
export function* settleTail(
  files: LogFiles,
  directory: string,
  { seq, segment, offset }: TailStart,
): Generator<ToSync, void> {
  // The last first: what is left is a log at every moment.
  for (const { name, first } of listSegments(directory).reverse())
    if (first > seq) files.remove(join(directory, name));
  if (segment < seq) {
    const fd = files.open(join(directory, segmentName(segment)));
    try {
      if (files.size(fd) > offset) files.truncate(fd, offset);
      yield { fd };
    } finally {
      files.close(fd);
    }
  }
  yield { folder: directory };
  files.rename(join(directory, tailName(seq)), join(directory, segmentName(seq)));
  yield { folder: directory };
}

export function tailName(seq: number): string {
  return `${seqText(seq)}.tail`;
}

/** The tails that a crash left, by the `seq` they begin with. */
export function listTails(directory: string): readonly number[] {
  return readdirSync(directory).flatMap((name) => {
    const seq = tailForm.exec(name)?.[1];
    return seq === undefined ? [] : [Number(seq)];
  });
}

/** The beginnings of tails that a crash left. */
export function listParts(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => partForm.test(name));
}
