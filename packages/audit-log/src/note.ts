/** Signed notes of C2SP (https://c2sp.org/signed-note) with Ed25519 keys, and the key encodings that go with them. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { LogError } from './log-error.ts';
import { logKeyType, signaturePrefix, splitKey, splitNote, witnessKeyType } from './verifier/note-text.ts';

type KeyType = typeof logKeyType | typeof witnessKeyType;
/** DER around a raw Ed25519 key (RFC 8410). */
const privateDer = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicDer = Buffer.from('302a300506032b6570032100', 'hex');

export interface Signer {
  readonly name: string;
  readonly key: KeyObject;
  readonly verifier: Verifier;
}

export interface Verifier {
  readonly name: string;
  readonly key: KeyObject;
  /** First four bytes of SHA-256(name || 0x0a || type || key); the type is 1 for a log, 4 for a witness. */
  readonly keyId: Buffer;
  /** The key in vkey form: `name+keyid+base64`. */
  readonly vkey: string;
}

/** Makes a key pair. The name goes into every signature line: the log's origin. */
export function generateSigner(name: string): { readonly signer: Signer; readonly privateText: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privateDer.length);
  const signer = signerFromSeed(name, seed);
  const secret = Buffer.concat([Buffer.of(logKeyType), seed]).toString('base64');
  return { signer, privateText: `PRIVATE+KEY+${name}+${signer.verifier.keyId.toString('hex')}+${secret}` };
}

/** Reads `PRIVATE+KEY+name+keyid+base64`, the form Go's sumdb/note uses. The text is a secret and is in no message. */
export function parsePrivateKey(text: string): Signer {
  const [, name, keyId, secret] =
    /^PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)\n?$/.exec(text) ?? [];
  const bytes = Buffer.from(secret ?? '', 'base64');
  if (
    name === undefined ||
    bytes.length !== 33 ||
    bytes[0] !== logKeyType ||
    bytes.toString('base64') !== secret
  ) {
    throw new LogError(
      'note-invalid',
      'the private key file is not PRIVATE+KEY+name+keyid+base64 of an Ed25519 key',
    );
  }
  const signer = signerFromSeed(name, bytes.subarray(1));
  if (signer.verifier.keyId.toString('hex') !== keyId) {
    throw new LogError('note-invalid', 'the key id in the private key file does not belong to its key');
  }
  return signer;
}

/** Reads a public key in vkey form. */
export function parseVerifier(text: string): Verifier {
  return parseKey(text, logKeyType);
}

/** Reads the public key of a witness in vkey form: type 4 of C2SP tlog-cosignature. */
export function parseWitness(text: string): Verifier {
  return parseKey(text, witnessKeyType);
}

function parseKey(text: string, type: KeyType): Verifier {
  const parts = splitKey(text);
  if (parts?.type !== type) {
    throw new LogError(
      'note-invalid',
      `a public key must read name+keyid+base64 of an Ed25519 key of type ${type} (C2SP signed-note vkey)`,
    );
  }
  const verifier = verifierFromKey(parts.name, Buffer.from(parts.raw), type);
  if (verifier.keyId.toString('hex') !== parts.keyId) {
    throw new LogError(
      'note-invalid',
      `the key id ${parts.keyId} does not belong to the public key it names`,
    );
  }
  return verifier;
}

/** The signed note for a text that ends in a newline. */
export function signNote(text: string, ...signers: readonly Signer[]): string {
  return `${text}\n${signers.map((signer) => signatureLine(signer, sign(null, Buffer.from(text), signer.key))).join('')}`;
}

/**
 * The note with a witness's cosignature added: Ed25519 cosignature/v1 of C2SP tlog-cosignature. By it the witness says that
 * of this log it has seen no larger tree, and none that is inconsistent. `time` is in seconds since the epoch.
 */
export function cosignNote(note: string, witness: Signer, time: number): string {
  const parts = splitNote(note);
  if (parts === null) throw new LogError('note-invalid', 'only a signed note can be cosigned');
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${parts.text}`), witness.key);
  return `${note}${signatureLine(witness, Buffer.concat([stamp, signature]))}`;
}

function signatureLine({ name, verifier }: Signer, signature: Buffer): string {
  return `${signaturePrefix}${name} ${Buffer.concat([verifier.keyId, signature]).toString('base64')}\n`;
}

/**
 * The text of a note that this key signed, else null. Lines of other keys (witnesses) are allowed and ignored, as the
 * specification wants; a line of this key that does not verify fails the note.
 */
export function openNote(note: string, verifier: Verifier): string | null {
  const parts = splitNote(note);
  if (parts === null) return null;
  let verified = false;
  for (const { name, keyId, signature } of parts.signatures) {
    if (name !== verifier.name || !verifier.keyId.equals(keyId)) continue;
    if (!verify(null, Buffer.from(parts.text), verifier.key, signature)) return null;
    verified = true;
  }
  return verified ? parts.text : null;
}

/** A signer from the 32 bytes of its secret seed (RFC 8032). */
export function signerFromSeed(name: string, seed: Uint8Array, type: KeyType = logKeyType): Signer {
  checkName(name);
  const key = createPrivateKey({ key: Buffer.concat([privateDer, seed]), format: 'der', type: 'pkcs8' });
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicDer.length);
  return { name, key, verifier: verifierFromKey(name, raw, type) };
}

function verifierFromKey(name: string, raw: Buffer, type: KeyType): Verifier {
  const typed = Buffer.concat([Buffer.of(type), raw]);
  const keyId = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'buffer').subarray(0, 4);
  const key = createPublicKey({ key: Buffer.concat([publicDer, raw]), format: 'der', type: 'spki' });
  return { name, key, keyId, vkey: `${name}+${keyId.toString('hex')}+${typed.toString('base64')}` };
}

function checkName(name: string): void {
  if (!/^[^+\s]{1,256}$/u.test(name)) {
    throw new LogError(
      'note-invalid',
      `a log origin cannot be "${name}": use 1 to 256 characters, no space, no plus`,
    );
  }
}
