import { createHash } from 'node:crypto';

/** Signature algorithm of a certificate (the content octets of its OID, hex) → the hash for its end-point binding. */
const HASH_OF_SIGNATURE: Readonly<Record<string, string>> = {
  // RSA, PKCS #1: 1.2.840.113549.1.1.x. RFC 5929 section 4.1: MD5 and SHA-1 are replaced by SHA-256.
  '2a864886f70d010104': 'sha256',
  '2a864886f70d010105': 'sha256',
  '2a864886f70d01010e': 'sha224',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  // ECDSA: 1.2.840.10045.4.x
  '2a8648ce3d0401': 'sha256',
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

/** tls-server-end-point of a DER certificate; null when its signature has no such hash (RFC 5929 leaves Ed25519 open). */
export function serverEndPoint(certificate: Buffer): Buffer | null {
  const oid = signatureAlgorithm(certificate);
  const hash = oid === null ? undefined : HASH_OF_SIGNATURE[oid];
  return hash === undefined ? null : createHash(hash).update(certificate).digest();
}

/** Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { algorithm OID … } … } */
function signatureAlgorithm(der: Buffer): string | null {
  const outer = element(der, 0, 0x30);
  const signed = outer === null ? null : element(der, outer.start, 0x30);
  const algorithm = signed === null ? null : element(der, signed.end, 0x30);
  const oid = algorithm === null ? null : element(der, algorithm.start, 0x06);
  return oid === null ? null : der.toString('hex', oid.start, oid.end);
}

/** Where the content of the DER element at `at` lies; null when it is not of this tag or runs past the end. */
function element(
  der: Buffer,
  at: number,
  tag: number,
): { readonly start: number; readonly end: number } | null {
  if (at + 2 > der.length || der[at] !== tag) return null;
  const first = der[at + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + lengthBytes;
  if (lengthBytes > 4 || start > der.length) return null;
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  return start + length > der.length ? null : { start, end: start + length };
}
