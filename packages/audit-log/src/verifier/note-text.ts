/** The text forms of C2SP: notes, keys and checkpoints. No cryptography; everything read here may be an attacker's. */
import { type Bytes, fromBase64 } from './bytes.ts';

/** Longest note that is read. Five lines take 300 bytes; a post-quantum witness adds 3.4 KB. */
export const maxNoteLength = 256 * 1024;
/** Most signatures of a note that are looked at. */
export const maxSignatures = 64;

export const signaturePrefix = '\u2014 ';
/** Begins the extension line by which a checkpoint names the key of every checkpoint after it. */
export const nextKeyPrefix = 'next-key ';

export interface NoteSignature {
  readonly name: string;
  /** First four bytes of what was signed with: tells keys of one name apart. */
  readonly keyId: Bytes;
  readonly signature: Bytes;
}

export interface NoteParts {
  /** What is signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A note in its parts, or null when it is none. */
export function splitNote(note: string): NoteParts | null {
  const split = note.lastIndexOf('\n\n');
  if (note.length > maxNoteLength || split < 0 || !note.endsWith('\n')) return null;
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > maxSignatures) return null;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, encoded] = /^\u2014 ([^+\s]+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
    const bytes = fromBase64(encoded ?? '');
    if (name === undefined || bytes === null || bytes.length < 5) return null;
    signatures.push({ name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) });
  }
  return { text: note.slice(0, split + 1), signatures };
}

/** Signature types of the signed-note specification: what a log signs with, and a witness. */
export const logKeyType = 1;
export const witnessKeyType = 4;

export interface KeyParts {
  readonly name: string;
  /** As written; whether it belongs to the key takes a hash to tell. */
  readonly keyId: string;
  readonly type: number;
  readonly raw: Bytes;
}

/** A public key in vkey form, `name+keyid+base64`, of an Ed25519 key; null for anything else. */
export function splitKey(vkey: string): KeyParts | null {
  const [, name, keyId, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)\n?$/.exec(vkey) ?? [];
  const bytes = fromBase64(encoded ?? '');
  if (name === undefined || keyId === undefined || bytes?.length !== 33) return null;
  return { name, keyId, type: bytes[0] as number, raw: bytes.slice(1) };
}

export interface CheckpointText {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
  /** The vkey that signs every checkpoint after this one; null when it is the same as before. */
  readonly nextKey: string | null;
}

/** The checkpoint a note's text is, or null. Extension lines of others are allowed and say nothing to us. */
export function parseCheckpointText(text: string): CheckpointText | null {
  const [origin, digits, encoded, ...extensions] = text.slice(0, -1).split('\n');
  if (origin === undefined || digits === undefined || !text.endsWith('\n')) return null;
  const size = /^(?:0|[1-9]\d{0,15})$/.test(digits) ? Number(digits) : Number.NaN;
  const root = fromBase64(encoded ?? '');
  if (!Number.isSafeInteger(size) || root?.length !== 32 || extensions.includes('')) return null;
  const next = extensions.filter((line) => line.startsWith(nextKeyPrefix));
  if (next.length > 1) return null;
  return { origin, size, root, nextKey: next[0]?.slice(nextKeyPrefix.length) ?? null };
}
