/** Checkpoints of C2SP (https://c2sp.org/tlog-checkpoint): origin, size, root hash, signed. */
import { LogError } from './log-error.ts';
import { openNote, parseVerifier, type Signer, signNote, type Verifier } from './note.ts';
import { nextKeyPrefix, parseCheckpointText } from './verifier/note-text.ts';

export interface Checkpoint {
  /** Entries under this checkpoint: those with seq below it. */
  readonly size: number;
  readonly root: Buffer;
  /** The signed note itself: keep a copy elsewhere, and no one can cut the log below it unseen. */
  readonly note: string;
  /** The key of every checkpoint after this one; null when it stays the same. */
  readonly nextKey: Verifier | null;
}

export function signCheckpoint(size: number, root: Buffer, signer: Signer): Checkpoint {
  return { size, root, note: signNote(headOf(size, root, signer), signer), nextKey: null };
}

/** The last checkpoint of a key: it names the next, which signs it too, so that nobody is given a key that is not theirs. */
export function signHandover(size: number, root: Buffer, signer: Signer, next: Signer): Checkpoint {
  const text = `${headOf(size, root, signer)}${nextKeyPrefix}${next.verifier.vkey}\n`;
  return { size, root, note: signNote(text, signer, next), nextKey: next.verifier };
}

function headOf(size: number, root: Buffer, { name }: Signer): string {
  return `${name}\n${size}\n${root.toString('base64')}\n`;
}

/** The checkpoint in a note that this key signed; LogError `note-invalid` for anything else. */
export function openCheckpoint(note: string, verifier: Verifier): Checkpoint {
  const text = openNote(note, verifier);
  if (text === null) throw new LogError('note-invalid', `a checkpoint is not signed by ${verifier.vkey}`);
  const parsed = parseCheckpointText(text);
  if (parsed?.origin !== verifier.name)
    throw new LogError('note-invalid', `a signed note is not a checkpoint of ${verifier.name}`);
  const nextKey = parsed.nextKey === null ? null : parseVerifier(parsed.nextKey);
  if (nextKey !== null && openNote(note, nextKey) === null)
    throw new LogError('note-invalid', `the key ${nextKey.vkey} is named next and has not signed that`);
  return { size: parsed.size, root: Buffer.from(parsed.root), note, nextKey };
}
