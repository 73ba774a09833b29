/** The file `checkpoints`: signed notes, parted by one empty line. */
import { isDropped } from './dropped.ts';
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
  const head = Buffer.from(`\n${origin}\n`);
  let start = 0;
  let whole = 0;
  while (start < file.length) {
    if (hasDropped(file, start, nextAfter(file, start, head))) {
      // The next checkpoint is over what this one was; when there is none, it is made anew.
      start = nextAfter(file, start, head);
      continue;
    }
    const found = noteAt(file, start);
    if (found === null) break;
    const { end, handsOver } = found;
    notes.push({ note: file.toString('utf8', start, end), offset: start, handsOver });
    whole = end;
    const separator = file[end];
    if (separator !== undefined && separator !== newline && separator !== 0) throw damagedAt(end);
    start = separator === newline ? end + 1 : end;
  }
  if (start < file.length && !beginsNote(file.toString('utf8', start), origin)) throw damagedAt(start);
  return { notes, end: whole };
}

/** Where the note after this one begins, or the file ends. */
function nextAfter(file: Buffer, start: number, head: Buffer): number {
  const found = file.indexOf(head, start);
  return found < 0 ? file.length : found + 1;
}

/** Whether this note lost sectors. */
function hasDropped(file: Buffer, start: number, end: number): boolean {
  return file.subarray(start, end).includes(0) && isDropped(file, start, end);
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
