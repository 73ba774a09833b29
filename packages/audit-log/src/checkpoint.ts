/** Checkpoints of C2SP (https://c2sp.org/tlog-checkpoint): origin, size, root hash, signed. */
import { LogError } from './log-error.ts';
import { openNote, type Signer, signNote, type Verifier } from './note.ts';

export interface Checkpoint {
  /** Entries under this checkpoint: those with seq below it. */
  readonly size: number;
  readonly root: Buffer;
  /** The signed note itself: keep a copy elsewhere, and no one can cut the log below it unseen. */
  readonly note: string;
}

export function signCheckpoint(size: number, root: Buffer, signer: Signer): Checkpoint {
  return { size, root, note: signNote(`${signer.name}\n${size}\n${root.toString('base64')}\n`, signer) };
}

/** The checkpoint in a note that this key signed; LogError `note-invalid` for anything else. */
export function openCheckpoint(note: string, verifier: Verifier): Checkpoint {
  const text = openNote(note, verifier);
  if (text === null) throw new LogError('note-invalid', `a checkpoint is not signed by ${verifier.vkey}`);
  const [origin, size, root] = text.split('\n');
  if (
    origin !== verifier.name ||
    size === undefined ||
    !/^(0|[1-9]\d{0,15})$/.test(size) ||
    root?.length !== 44
  ) {
    throw new LogError('note-invalid', `a signed note is not a checkpoint of ${verifier.name}`);
  }
  return { size: Number(size), root: Buffer.from(root, 'base64'), note };
}

/** Notes of a `checkpoints` file with where each starts: each is five lines, and an empty line parts it from the next. */
export interface SplitNotes {
  readonly notes: readonly { readonly note: string; readonly offset: number }[];
  /** Where the last whole note ends; what follows is a write cut short. */
  readonly end: number;
}

/** Splits a `checkpoints` file. Offsets are in bytes. */
export function splitNotes(file: Buffer, verifier: Verifier): SplitNotes {
  const notes: { note: string; offset: number }[] = [];
  let start = 0;
  let whole = 0;
  while (start < file.length) {
    let end = start;
    for (let line = 0; line < 5 && end >= 0; line++) end = file.indexOf(10, end) + 1 || -1;
    if (end < 0) break;
    notes.push({ note: file.toString('utf8', start, end), offset: start });
    if (end < file.length && file[end] !== 10) throw damagedAt(end);
    whole = end;
    start = end + 1;
  }
  if (start < file.length && !beginsNote(file.toString('utf8', start), verifier.name)) throw damagedAt(start);
  return { notes, end: whole };
}

/** Whether this could be what a crash leaves of a note: its beginning. A whole note's worth of bytes was changed instead. */
function beginsNote(rest: string, origin: string): boolean {
  if (!rest.startsWith(`${origin}\n`.slice(0, rest.length))) return false;
  const size = rest.split('\n')[1] ?? '';
  const whole = `${origin}\n${size}\n`.length + 44 + 2 + `\u2014 ${origin} `.length + 92 + 1;
  return /^\d{0,16}$/.test(size) && rest.length < whole;
}

function damagedAt(offset: number): LogError {
  const place = { file: 'checkpoints', offset };
  return new LogError('damaged', `the file checkpoints is not a list of signed notes at byte ${offset}`, {
    place,
  });
}
