import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from './checkpoint.ts';
import { checkpointsFile } from './checkpoint-file.ts';
import { parseVerifier } from './note.ts';
import { notesOrDamaged } from './prove.ts';
import { parseEntry } from './read.ts';
import { listSegments } from './segment.ts';
import { readSegment } from './segment-reader.ts';
import { openNewest } from './succession.ts';

export interface LogStatus {
  readonly entries: number;
  readonly bytes: number;
  readonly segments: readonly { readonly name: string; readonly first: number; readonly bytes: number }[];
  readonly checkpoints: number;
  /** The newest, its signature checked, and not the tree under it: `verifyLog` does that. */
  readonly checkpoint: Checkpoint | null;
  /** When the checkpoints were last written, by the file's time. */
  readonly checkpointAt: number | null;
  /** Time of the last entry. */
  readonly lastEntryAt: number | null;
  readonly knownKey: string;
  /** The key that signs now, and how many came before it since the known one. */
  readonly signingKey: string;
  readonly keyChanges: number;
  readonly tornBytes: number;
}

/** How a log stands, quickly: of the entries only the last segment is read, and nothing but the newest checkpoint verified. */
export function logStatus(directory: string, publicKey: string): LogStatus {
  const known = parseVerifier(publicKey);
  const notes = notesOrDamaged(directory, known);
  const { checkpoint, succession, handovers } = openNewest(notes, known);
  const segments = listSegments(directory).map(({ name, first }) => ({
    name,
    first,
    bytes: statSync(join(directory, name)).size,
  }));
  const path = join(directory, checkpointsFile);
  return {
    ...endOf(directory, segments),
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    segments,
    checkpoints: notes.length,
    checkpoint,
    checkpointAt: existsSync(path) ? Math.floor(statSync(path).mtimeMs) : null,
    knownKey: known.vkey,
    signingKey: succession.current.vkey,
    keyChanges: handovers.length,
  };
}

function endOf(directory: string, segments: LogStatus['segments']) {
  const last = segments.at(-1);
  if (last === undefined) return { entries: 0, lastEntryAt: null, tornBytes: 0 };
  const path = join(directory, last.name);
  let entries = last.first;
  let lastOffset = -1;
  const reader = readSegment(path);
  let step = reader.next();
  for (; step.done !== true; step = reader.next()) {
    entries += 1;
    lastOffset = step.value.offset;
  }
  const tornBytes = step.value.fileBytes - step.value.offset;
  const entry = lastOffset < 0 ? undefined : readSegment(path, lastOffset).next();
  if (entry === undefined || entry.done === true) return { entries, lastEntryAt: null, tornBytes };
  return { entries, lastEntryAt: parseEntry(entry.value.bytes, last.name, lastOffset).time, tornBytes };
}
