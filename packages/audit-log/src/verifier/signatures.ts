/** Ed25519 over notes, by Web Crypto: the log's own signature, and the cosignatures of witnesses. */
import { type Bytes, concat, equal, toHex, utf8 } from './bytes.ts';
import { sha256 } from './merkle.ts';
import {
  type CheckpointText,
  logKeyType,
  type NoteParts,
  parseCheckpointText,
  splitKey,
  splitNote,
  witnessKeyType,
} from './note-text.ts';
import { ProofError } from './proof-error.ts';

/** What Web Crypto calls CryptoKey; the name is not a type in every runtime's declarations. */
type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

export interface PublicKey {
  readonly name: string;
  readonly keyId: Bytes;
  readonly vkey: string;
  readonly key: ImportedKey;
}

/** Reads a log's public key in vkey form. */
export function readLogKey(vkey: string): Promise<PublicKey> {
  return readKey(vkey, logKeyType, 'a public key must read name+keyid+base64 of an Ed25519 key (log.pub)');
}

/** Reads a witness's public key: a vkey of type 4 (C2SP tlog-cosignature). */
export function readWitnessKey(vkey: string): Promise<PublicKey> {
  return readKey(
    vkey,
    witnessKeyType,
    'a witness key must read name+keyid+base64 of an Ed25519 key of type 4',
  );
}

async function readKey(vkey: string, type: number, wanted: string): Promise<PublicKey> {
  const parts = splitKey(vkey);
  if (parts === null || parts.type !== type) throw new ProofError('key-malformed', wanted);
  const { name, raw } = parts;
  const keyId = (await sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), raw))).slice(0, 4);
  if (toHex(keyId) !== parts.keyId) {
    throw new ProofError('key-malformed', `the key id ${parts.keyId} does not belong to the key it names`);
  }
  const key = await crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, true, ['verify']);
  return { name, keyId, vkey: vkey.trim(), key };
}

function verify(key: PublicKey, signature: Bytes, text: string): Promise<boolean> {
  return crypto.subtle.verify({ name: 'Ed25519' }, key.key, signature, utf8(text));
}

function of(parts: NoteParts, key: PublicKey) {
  return parts.signatures.filter(({ name, keyId }) => name === key.name && equal(keyId, key.keyId));
}

/** A checkpoint whose signature was checked. */
export interface SignedCheckpoint extends CheckpointText {
  readonly note: string;
  readonly signedBy: PublicKey;
}

/** The checkpoint in a note, or null when this key did not sign it. A second line of the key must hold as well. */
export async function openSigned(note: string, key: PublicKey): Promise<SignedCheckpoint | null> {
  const parts = splitNote(note);
  if (parts === null) return null;
  const own = of(parts, key);
  for (const { signature } of own) if (!(await verify(key, signature, parts.text))) return null;
  const checkpoint = parseCheckpointText(parts.text);
  if (own.length === 0 || checkpoint?.origin !== key.name) return null;
  return { ...checkpoint, note, signedBy: key };
}

/** What a witness says: that it saw this checkpoint, and when. */
export interface Cosignature {
  readonly witness: string;
  /** Seconds since the epoch, by the witness's clock. */
  readonly time: number;
}

/** The valid cosignatures of these witnesses on a note: one for each witness at most, its latest. */
export async function openCosignatures(
  note: string,
  witnesses: readonly PublicKey[],
): Promise<readonly Cosignature[]> {
  const parts = splitNote(note);
  if (parts === null) return [];
  // One key given twice, even under two names, is one witness.
  const found = new Map<string, Cosignature>();
  for (const witness of witnesses) {
    for (const { signature } of of(parts, witness)) {
      const time = cosignedAt(signature);
      if (time === null) continue;
      const text = `cosignature/v1\ntime ${time}\n${parts.text}`;
      if (!(await verify(witness, signature.slice(8), text))) continue;
      const raw = await rawOf(witness);
      const before = found.get(raw)?.time ?? 0;
      found.set(raw, { witness: witness.name, time: Math.max(before, time) });
    }
  }
  return [...found.values()];
}

async function rawOf({ key }: PublicKey): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.exportKey('raw', key)));
}

/** The time in a timestamped_signature: u64, big endian, then 64 bytes of Ed25519. */
function cosignedAt(signature: Bytes): number | null {
  if (signature.length !== 72) return null;
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  return time <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(time) : null;
}
