/** The file `checkpoints`: signed notes, parted by one empty line. */
import { LogError } from './log-error.ts';
import { nextKeyPrefix, signaturePrefix } from './verifier/note-text.ts';

export const checkpointsFile = 'checkpoints';

export interface PlacedNote {
  readonly note: string;
  readonly offset: number;
  /** Whether it names another key. */
  readonly handsOver: boolean;
}

export interface SplitNotes {
  readonly notes: readonly PlacedNote[];
  /** Where the last whole note ends; what follows is a write cut short. */
  readonly end: number;
}

/** Most lines between the start of a note and its signatures; a file of an attacker's is not searched for more. */
const maxTextLines = 16;
const newline = 10;

/** Splits a `checkpoints` file of the log of this origin. Offsets are in bytes. */
export function splitNotes(file: Buffer, origin: string): SplitNotes {
  const notes: PlacedNote[] = [];
  let start = 0;
  let whole = 0;
  while (start < file.length) {
    if (isDropped(file, start)) break;
    const found = noteAt(file, start);
    if (found === null) break;
    const { end, handsOver } = found;
    notes.push({ note: file.toString('utf8', start, end), offset: start, handsOver });
    if (end < file.length && file[end] !== newline) throw damagedAt(end);
    whole = end;
    start = end + 1;
  }
  if (start < file.length && !isDropped(file, start) && !beginsNote(file.toString('utf8', start), origin))
    throw damagedAt(start);
  return { notes, end: whole };
}

/**
 * Where the note that starts here ends: after the signature it must have, or the two when it names another key. Null when
 * the file ends first.
 */
function noteAt(file: Buffer, start: number): { readonly end: number; readonly handsOver: boolean } | null {
  let end = start;
  let handsOver = false;
  for (let lines = 0; lines < maxTextLines; lines++) {
    const line = end;
    end = file.indexOf(newline, line) + 1;
    if (end === 0) return null;
    if (end === line + 1) return signaturesFrom(file, start, end, handsOver);
    if (begins(file, line, dash)) throw damagedAt(start);
    if (lines > 2 && begins(file, line, nextKey)) handsOver = true;
  }
  throw damagedAt(start);
}

function signaturesFrom(file: Buffer, start: number, from: number, handsOver: boolean) {
  let end = from;
  for (let needed = handsOver ? 2 : 1; needed > 0; needed--) {
    const line = end;
    end = file.indexOf(newline, line) + 1;
    if (end === 0) return null;
    if (!begins(file, line, dash)) throw damagedAt(start);
  }
  return { end, handsOver };
}

const dash = Buffer.from(signaturePrefix);
const nextKey = Buffer.from(nextKeyPrefix);

function begins(file: Buffer, at: number, what: Buffer): boolean {
  return file.subarray(at, at + what.length).equals(what);
}

/** A line of a note: how it begins, and how many characters of base64, digits and plus signs follow. */
interface LineForm {
  readonly head: string;
  readonly tail: number;
}

const rootTail = 44;
/** `+`, the key id, `+`, base64 of a type and a key. */
const keyTail = 1 + 8 + 1 + 44;
/** Base64 of a key id and an Ed25519 signature. */
const signatureTail = 92;

/** Most bytes of one note; a crash leaves no more than one that is not whole, since each is on disk before the next. */
const maxNoteBytes = 4096;
const sectorBytes = 512;

/**
 * Whether a power cut dropped a part of the one note that was being written: sectors that never came to the disk are read
 * as zeros, which no note holds. Zeros anywhere else are a change.
 */
function isDropped(file: Buffer, start: number): boolean {
  if (file.length - start > maxNoteBytes || file.indexOf(0, start) < 0) return false;
  for (let from = file.indexOf(0, start); from >= 0; ) {
    let to = from;
    while (file[to] === 0) to += 1;
    if (from !== start && from % sectorBytes !== 0) return false;
    if (to !== file.length && to % sectorBytes !== 0) return false;
    from = file.indexOf(0, to);
  }
  return true;
}

/** Whether this could be what a crash leaves of a note: the beginning of one. Anything else was changed. */
function beginsNote(rest: string, origin: string): boolean {
  const lines = rest.split('\n');
  const size = lines[1] ?? '';
  if (!/^\d{0,16}$/.test(size)) return false;
  const key = lines[3] ?? '';
  const handsOver = key !== '' && (nextKeyPrefix.startsWith(key) || key.startsWith(nextKeyPrefix));
  const signature = { head: `${signaturePrefix}${origin} `, tail: signatureTail };
  const forms: readonly LineForm[] = [
    { head: origin, tail: 0 },
    { head: size === '' ? '0' : size, tail: 0 },
    { head: '', tail: rootTail },
    ...(handsOver ? [{ head: `${nextKeyPrefix}${origin}`, tail: keyTail }] : []),
    { head: '', tail: 0 },
    signature,
    ...(handsOver ? [signature] : []),
  ];
  return lines.every((line, at) => {
    const seen = forms[at] === undefined ? 'other' : beginning(forms[at], line);
    return seen === 'whole' || (seen === 'begun' && at === lines.length - 1);
  });
}

function beginning({ head, tail }: LineForm, line: string): 'whole' | 'begun' | 'other' {
  // Cut inside the dash of a signature, the reader sees a replacement character.
  if (line.length < head.length) return head.startsWith(line.replace('\ufffd', '\u2014')) ? 'begun' : 'other';
  const rest = line.slice(head.length);
  if (!line.startsWith(head) || rest.length > tail || !/^[A-Za-z0-9+/=]*$/.test(rest)) return 'other';
  return rest.length === tail ? 'whole' : 'begun';
}

function damagedAt(offset: number): LogError {
  return new LogError(
    'damaged',
    `the file ${checkpointsFile} is not a list of signed notes at byte ${offset}`,
    {
      place: { file: checkpointsFile, offset },
    },
  );
}

/**
 * Every signed note in a text someone kept: one checkpoint, or a copy of the log's own file, with or without cosignatures.
 * Reads line by line, once.
 */
export function findNotes(text: string): readonly string[] {
  const notes: string[] = [];
  let body: string[] = [];
  let signatures: string[] = [];
  const end = (): void => {
    if (body.length >= 3 && signatures.length > 0)
      notes.push(`${body.join('\n')}\n\n${signatures.join('\n')}\n`);
    body = [];
    signatures = [];
  };
  for (const line of text.split('\n')) {
    if (line.startsWith(signaturePrefix)) signatures.push(line);
    else if (signatures.length > 0) {
      end();
      if (line !== '') body.push(line);
    } else if (line !== '') body.push(line);
  }
  end();
  return notes;
}
