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

/** Signature type byte of Ed25519 in the signed-note specification. */
const ed25519Type = 1;
const signaturePrefix = '\u2014 ';
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
  /** First four bytes of SHA-256(name || 0x0a || 0x01 || key). */
  readonly keyId: Buffer;
  /** The key in vkey form: `name+keyid+base64`. */
  readonly vkey: string;
}

/** Makes a key pair. The name goes into every signature line: the log's origin. */
export function generateSigner(name: string): { readonly signer: Signer; readonly privateText: string } {
  checkName(name);
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privateDer.length);
  const signer = signerFromSeed(name, seed);
  const secret = Buffer.concat([Buffer.of(ed25519Type), seed]).toString('base64');
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
    bytes[0] !== ed25519Type ||
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
  const [, name, keyId, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)\n?$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (
    name === undefined ||
    bytes.length !== 33 ||
    bytes[0] !== ed25519Type ||
    bytes.toString('base64') !== encoded
  ) {
    throw new LogError(
      'note-invalid',
      'a public key must read name+keyid+base64 of an Ed25519 key (C2SP signed-note vkey)',
    );
  }
  const verifier = verifierFromKey(name, bytes.subarray(1));
  if (verifier.keyId.toString('hex') !== keyId) {
    throw new LogError('note-invalid', `the key id ${keyId} does not belong to the public key it names`);
  }
  return verifier;
}

/** The signed note for a text that ends in a newline. */
export function signNote(text: string, signer: Signer): string {
  const signature = Buffer.concat([signer.verifier.keyId, sign(null, Buffer.from(text), signer.key)]);
  return `${text}\n${signaturePrefix}${signer.name} ${signature.toString('base64')}\n`;
}

/**
 * The text of a note that this key signed, else null. Lines of other keys (witnesses) are allowed and ignored, as the
 * specification wants; a line of this key that does not verify fails the note.
 */
export function openNote(note: string, verifier: Verifier): string | null {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return null;
  const text = note.slice(0, split + 1);
  let verified = false;
  for (const line of note.slice(split + 2, -1).split('\n')) {
    const [, name, encoded] = /^\u2014 ([^+\s]+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
    if (name === undefined || encoded === undefined) return null;
    const bytes = Buffer.from(encoded, 'base64');
    // Base64 has spare bits: one signature must have one spelling, or a changed byte would go unseen.
    if (bytes.toString('base64') !== encoded) return null;
    if (name !== verifier.name || !bytes.subarray(0, 4).equals(verifier.keyId)) continue;
    if (!verify(null, Buffer.from(text), verifier.key, bytes.subarray(4))) return null;
    verified = true;
  }
  return verified ? text : null;
}

function signerFromSeed(name: string, seed: Buffer): Signer {
  const key = createPrivateKey({ key: Buffer.concat([privateDer, seed]), format: 'der', type: 'pkcs8' });
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicDer.length);
  return { name, key, verifier: verifierFromKey(name, raw) };
}

function verifierFromKey(name: string, raw: Buffer): Verifier {
  const typed = Buffer.concat([Buffer.of(ed25519Type), raw]);
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
