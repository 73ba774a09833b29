/** Which key signs when: from one known key to each that follows, by the checkpoints that hand over. */
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { checkpointsFile, type PlacedNote } from './checkpoint-file.ts';
import { LogError } from './log-error.ts';
import { openNote, parseVerifier, type Verifier } from './note.ts';
import { parseCheckpointText, splitNote } from './verifier/note-text.ts';

export class Succession {
  /** Keys so far, the known one first, and the size of the tree up to which each signs. */
  readonly #keys: { readonly verifier: Verifier; last: number }[];

  constructor(known: Verifier) {
    this.#keys = [{ verifier: known, last: Number.POSITIVE_INFINITY }];
  }

  /** The key that signs now. */
  get current(): Verifier {
    return (this.#keys.at(-1) as { verifier: Verifier }).verifier;
  }

  /** Opens the next checkpoint of a log, and goes on with the key that it names; LogError `note-invalid`. */
  open(note: string): Checkpoint {
    const checkpoint = openCheckpoint(note, this.current);
    if (checkpoint.nextKey !== null) {
      (this.#keys.at(-1) as { last: number }).last = checkpoint.size;
      this.#keys.push({ verifier: checkpoint.nextKey, last: Number.POSITIVE_INFINITY });
    }
    return checkpoint;
  }

  /** Opens a checkpoint kept elsewhere: any key of the log may have signed it, in its own time. */
  openEarlier(note: string): Checkpoint {
    for (const { verifier, last } of this.#keys) {
      if (openNote(note, verifier) === null) continue;
      const checkpoint = openCheckpoint(note, verifier);
      if (checkpoint.size <= last) return checkpoint;
    }
    return openCheckpoint(note, this.current);
  }
}

/** The newest checkpoint of a log, by the key whose turn it is. */
export interface Newest {
  readonly checkpoint: Checkpoint | null;
  readonly succession: Succession;
  /** The checkpoints that lead from the known key to the one that signs now. */
  readonly handovers: readonly Checkpoint[];
}

/**
 * Opens the newest checkpoint and those that hand over; verifying the log looks at all the others. LogError `note-invalid`,
 * with its place, for one that is not signed by the key whose turn it is.
 */
export function openNewest(notes: readonly PlacedNote[], known: Verifier): Newest {
  const succession = new Succession(known);
  const handovers: Checkpoint[] = [];
  const start = startOf(known, notes);
  let checkpoint: Checkpoint | null = null;
  for (const [at, { note, offset, handsOver }] of notes.entries()) {
    if (at < start || !(handsOver || at === notes.length - 1)) continue;
    try {
      checkpoint = handsOver ? succession.open(note) : openCheckpoint(note, succession.current);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const place = { file: checkpointsFile, offset };
      throw new LogError('note-invalid', `${checkpointsFile} byte ${offset}: ${reason}`, {
        cause: error,
        place,
      });
    }
    if (handsOver && checkpoint.nextKey?.vkey !== known.vkey) handovers.push(checkpoint);
  }
  return { checkpoint, succession, handovers };
}

/**
 * Where the known key begins to sign: 0, or the handover to it. The checkpoints before that one are under its signature, so
 * whoever knows a later key need not know those before it.
 */
export function startOf(known: Verifier, notes: readonly PlacedNote[]): number {
  const start = notes.findIndex(({ note, handsOver }) => handsOver && isHandoverTo(known, note));
  return start < 0 ? 0 : start;
}

function isHandoverTo(known: Verifier, note: string): boolean {
  const nextKey = parseCheckpointText(splitNote(note)?.text ?? '')?.nextKey ?? '';
  try {
    return parseVerifier(nextKey).vkey === known.vkey && openNote(note, known) !== null;
  } catch {
    return false;
  }
}
