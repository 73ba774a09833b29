/** The checkpoints of a log, each by the key whose turn it is: what must be true of the tree. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointsFile, type PlacedNote, splitNotes } from './checkpoint-file.ts';
import { LogError, type Place } from './log-error.ts';
import type { Verifier } from './note.ts';
import { fail } from './problem.ts';
import { Succession, startOf } from './succession.ts';
import { CompactRange } from './tree.ts';
import { type CheckpointText, parseCheckpointText, splitNote } from './verifier/note-text.ts';

/** The root of a tree of no leaves, as a log that was opened and closed signs it. */
const emptyRoot = new CompactRange().root();

export interface Due {
  readonly root: Buffer;
  readonly place: Place;
  /** Not from the log itself, but kept elsewhere. */
  readonly isKnown: boolean;
}

export interface ReadCheckpoints {
  readonly count: number;
  /** What must be true of the tree, by size. */
  readonly due: Map<number, Due>;
  /** The key that signs now. */
  readonly current: Verifier;
}

/** Throws ProblemFound at the first checkpoint that is not as it was signed. */
export function readCheckpoints(
  directory: string,
  known: Verifier,
  kept: readonly string[],
): ReadCheckpoints {
  const due = new Map<number, Due>();
  const succession = new Succession(known);
  const notes = notesOf(directory, known.name);
  const start = startOf(known, notes);
  let last = -1;
  for (const [at, placed] of notes.entries()) {
    const place = { file: checkpointsFile, offset: placed.offset };
    const { size, root } = at < start ? unsigned(placed, place) : opened(placed, place, succession);
    if (size <= last)
      fail(
        'checkpoint-replayed',
        place,
        `this checkpoint is over ${size} entries, the one before over ${last}`,
      );
    last = size;
    if (size > 0) due.set(size, { root: Buffer.from(root), place, isKnown: false });
    else if (!emptyRoot.equals(root))
      fail('rewritten', place, 'this checkpoint over no entries has the root of some');
  }
  for (const [at, note] of kept.entries()) {
    const place = { file: kept.length === 1 ? 'known checkpoint' : `known checkpoint ${at + 1}`, offset: 0 };
    const { size, root } = orForeign(place, note, succession.current, () => succession.openEarlier(note));
    const other = due.get(size);
    if (other !== undefined && !other.root.equals(root))
      fail(
        'forked',
        other.place,
        `two checkpoints over ${size} entries disagree, this one and the ${place.file}: the log was forked`,
      );
    if (size > 0 && other === undefined) due.set(size, { root, place, isKnown: true });
  }
  return { count: notes.length, due, current: succession.current };
}

/** The notes of a log, or none. Throws ProblemFound. */
export function notesOf(directory: string, origin: string): readonly PlacedNote[] {
  const path = join(directory, checkpointsFile);
  if (!existsSync(path)) return [];
  try {
    return splitNotes(readFileSync(path), origin).notes;
  } catch (error) {
    if (!(error instanceof LogError) || error.place === null) throw error;
    return fail('checkpoint-changed', error.place, error.message);
  }
}

/** One from before the known key, which signed the tree that these are under. */
function unsigned({ note }: PlacedNote, place: Place): CheckpointText {
  const parsed = parseCheckpointText(splitNote(note)?.text ?? '');
  return parsed ?? fail('checkpoint-changed', place, 'this is no checkpoint');
}

function opened({ note }: PlacedNote, place: Place, succession: Succession) {
  return orForeign(place, note, succession.current, () => succession.open(note));
}

function orForeign<T>(place: Place, note: string, key: Verifier, open: () => T): T {
  try {
    return open();
  } catch (error) {
    const parts = splitNote(note);
    const own = parts?.signatures.some(({ keyId }) => key.keyId.equals(keyId)) === true;
    const others = parts?.signatures.map(({ keyId }) => Buffer.from(keyId).toString('hex')) ?? [];
    if (parts === null || own)
      return fail('checkpoint-changed', place, error instanceof Error ? error.message : String(error));
    const wanted = key.keyId.toString('hex');
    return fail(
      'foreign-key',
      place,
      `this checkpoint is signed with the key ${others.join(', ')}, not with ${wanted}`,
    );
  }
}
