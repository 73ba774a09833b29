/**
 * An assertion that came encrypted (XML Encryption 1.1). Whoever sends one can send others like it and compare what becomes of
 * them, so what could be told apart is not accepted to begin with: no RSA PKCS #1 v1.5 (Bleichenbacher 1998), and CBC only
 * around a response whose signature is verified before anything is decrypted (Jager and Somorovsky, CCS 2011). The rest fails
 * in one way.
 */
import { constants, createDecipheriv, createPrivateKey, privateDecrypt, X509Certificate } from 'node:crypto';
import { Fault } from '../lib/fault.ts';
import { refusal } from './refusal.ts';
import { children, is, NAMESPACE, type XmlElement } from './saml-document.ts';

/** What opens encrypted assertions. */
export interface DecryptionKey {
  /** PEM. */
  readonly key: string;
  /** PEM; published, for identity providers to encrypt with. */
  readonly certificate: string;
}

export interface Sealed {
  readonly cipher: ContentCipher;
  readonly wrappedKey: Buffer;
  readonly content: Buffer;
}

interface ContentCipher {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'aes-128-cbc' | 'aes-256-cbc';
  readonly keyBytes: number;
  /** Whether a change of what is encrypted is noticed when it is decrypted. */
  readonly authenticated: boolean;
}

const ENCRYPTION = 'http://www.w3.org/2001/04/xmlenc#';
const OAEP = `${ENCRYPTION}rsa-oaep-mgf1p`;
/** In OAEP it needs no collision resistance (RFC 8017 section 7.1); identity providers have no other with `rsa-oaep-mgf1p`. */
const OAEP_DIGEST = 'http://www.w3.org/2000/09/xmldsig#sha1';
const CIPHERS: ReadonlyMap<string, ContentCipher> = new Map([
  ['http://www.w3.org/2009/xmlenc11#aes128-gcm', { name: 'aes-128-gcm', keyBytes: 16, authenticated: true }],
  ['http://www.w3.org/2009/xmlenc11#aes256-gcm', { name: 'aes-256-gcm', keyBytes: 32, authenticated: true }],
  [`${ENCRYPTION}aes128-cbc`, { name: 'aes-128-cbc', keyBytes: 16, authenticated: false }],
  [`${ENCRYPTION}aes256-cbc`, { name: 'aes-256-cbc', keyBytes: 32, authenticated: false }],
]);
const GCM_IV_BYTES = 12;
const GCM_TAG_BYTES = 16;
const CBC_BLOCK_BYTES = 16;
/** Smallest RSA key, in bits (NIST SP 800-131A). */
const SMALLEST_KEY = 2_048;

/** Checks the key at start. Throws Fault `config-invalid`. */
export function checkDecryptionKey({ key, certificate }: DecryptionKey, name: string): void {
  const bad = (why: string, cause?: unknown): never => {
    throw new Fault('config-invalid', `Cannot use decryption_key_file of identity.saml "${name}": ${why}.`, {
      cause,
    });
  };
  let fits = false;
  let bits = 0;
  try {
    const secret = createPrivateKey(key);
    if (secret.asymmetricKeyType === 'rsa') bits = secret.asymmetricKeyDetails?.modulusLength ?? 0;
    fits = new X509Certificate(certificate).checkPrivateKey(secret);
  } catch (cause) {
    bad('it, or decryption_cert_file, is not PEM that can be read', cause);
  }
  if (bits < SMALLEST_KEY) bad(`it is not an RSA key of at least ${SMALLEST_KEY} bits`);
  if (!fits) bad('decryption_cert_file is of another key');
}

/** Reads what is encrypted, in the one shape that has one reading. Throws Fault `credential-rejected`. */
export function readSealed(encrypted: XmlElement): Sealed {
  const bad = (): never => {
    throw refusal(
      'its encrypted assertion has a shape or an algorithm that is not accepted; RSA-OAEP and AES-GCM are',
    );
  };
  const [data, ...beside] = children(encrypted);
  if (data === undefined || beside.length > 0 || !is(data, ENCRYPTION, 'EncryptedData')) return bad();
  const [method, info, cipherData, ...more] = children(data);
  if (method === undefined || info === undefined || cipherData === undefined || more.length > 0) return bad();
  const cipher = CIPHERS.get(algorithmOf(method) ?? '');
  if (cipher === undefined || children(method).length > 0) return bad();
  const [wrapped, ...others] = children(info);
  if (!is(info, NAMESPACE.signature, 'KeyInfo') || wrapped === undefined || others.length > 0) return bad();
  if (!is(wrapped, ENCRYPTION, 'EncryptedKey')) return bad();
  // Which certificate it is for may be said; there is one key here.
  const parts = children(wrapped).filter((one) => !isHint(one));
  const [keyMethod, keyData, ...rest] = parts;
  if (keyMethod === undefined || keyData === undefined || rest.length > 0) return bad();
  if (algorithmOf(keyMethod) !== OAEP || !children(keyMethod).every(isPlainDigest)) return bad();
  const wrappedKey = valueIn(keyData) ?? bad();
  const content = valueIn(cipherData) ?? bad();
  return { cipher, wrappedKey, content };
}

/** The text of the assertion. Whatever is wrong with it, what is thrown says nothing of it. */
export function openSealed({ cipher, wrappedKey, content }: Sealed, { key }: DecryptionKey): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const secret = privateDecrypt({ key, padding, oaepHash: 'sha1' }, wrappedKey);
  if (secret.length !== cipher.keyBytes) throw notOpened();
  const plain = cipher.authenticated
    ? openGcm(cipher.name, secret, content)
    : openCbc(cipher.name, secret, content);
  return new TextDecoder('utf-8', { fatal: true }).decode(plain);
}

/** XML Encryption 1.1 section 5.2.4: IV, what is encrypted, tag. */
function openGcm(name: ContentCipher['name'], secret: Buffer, content: Buffer): Buffer {
  if (content.length <= GCM_IV_BYTES + GCM_TAG_BYTES) throw notOpened();
  const decipher = createDecipheriv(name as 'aes-256-gcm', secret, content.subarray(0, GCM_IV_BYTES), {
    authTagLength: GCM_TAG_BYTES,
  });
  decipher.setAuthTag(content.subarray(-GCM_TAG_BYTES));
  return Buffer.concat([decipher.update(content.subarray(GCM_IV_BYTES, -GCM_TAG_BYTES)), decipher.final()]);
}

/** XML Encryption 1.1 section 5.2.1: the last byte says how many were added; the others may be anything. */
function openCbc(name: ContentCipher['name'], secret: Buffer, content: Buffer): Buffer {
  const decipher = createDecipheriv(name, secret, content.subarray(0, CBC_BLOCK_BYTES)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(content.subarray(CBC_BLOCK_BYTES)), decipher.final()]);
  const added = plain.at(-1) ?? 0;
  if (added < 1 || added > CBC_BLOCK_BYTES) throw notOpened();
  return plain.subarray(0, -added);
}

/** One refusal for padding, key, tag, signature and everything else inside: each difference would be an oracle. */
export function notOpened(cause?: unknown): Fault {
  return refusal('its encrypted assertion could not be opened and verified', cause);
}

function algorithmOf(method: XmlElement): string | null {
  return is(method, ENCRYPTION, 'EncryptionMethod') ? method.getAttribute('Algorithm') : null;
}

function isPlainDigest(one: XmlElement): boolean {
  return is(one, NAMESPACE.signature, 'DigestMethod') && one.getAttribute('Algorithm') === OAEP_DIGEST;
}

/** A name for the certificate, with nothing in it that could be taken for what is encrypted. */
function isHint(one: XmlElement): boolean {
  return (
    is(one, NAMESPACE.signature, 'KeyInfo') && !/CipherValue|Encrypt|RetrievalMethod/.test(namesBelow(one))
  );
}

function namesBelow(element: XmlElement): string {
  return children(element)
    .map((one) => `${one.localName} ${namesBelow(one)}`)
    .join(' ');
}

function valueIn(cipherData: XmlElement): Buffer | null {
  const [value, ...more] = children(cipherData);
  if (!is(cipherData, ENCRYPTION, 'CipherData') || value === undefined || more.length > 0) return null;
  if (!is(value, ENCRYPTION, 'CipherValue') || children(value).length > 0) return null;
  const text = Array.from(value.childNodes, ({ nodeValue }) => nodeValue ?? '')
    .join('')
    .replace(/\s/g, '');
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : null;
}
