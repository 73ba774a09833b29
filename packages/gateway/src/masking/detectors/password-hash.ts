import { byteClass, CRYPT, DIGIT, HEX, hasClass, LETTER, runEnd, seek, standsAt } from './byte-class.ts';
import type { WindowDetector } from './detector.ts';
import type { Spans } from './spans.ts';

const DOLLAR = 0x24;
const COLON = 0x3a;
const COMMA = 0x2c;
const EQUALS = 0x3d;
/** Shortest thing taken for a hash: an md5-crypt string without salt has 26 bytes. */
const LEAST_BYTES = 24;
/** How far before the last byte of a window a hash begins at most: `$pbkdf2` by its `bkdf`. */
const BEFORE_WINDOW = 5;
/** Longest name and parameters before the first dollar sign of a framework's form. */
const PARAMETER_BYTES = 48;

/** Names between the first two dollar signs of the modular crypt format, as passlib and crypt(5) list them. */
const schemes = [
  '1',
  '2',
  '2a',
  '2b',
  '2x',
  '2y',
  '5',
  '6',
  '7',
  'y',
  'gy',
  'P',
  'H',
  'apr1',
  'sha1',
  'md5',
  'argon2i',
  'argon2d',
  'argon2id',
  'scrypt',
  'bcrypt-sha256',
  'pbkdf2',
  'pbkdf2-sha1',
  'pbkdf2-sha256',
  'pbkdf2-sha512',
] as const;

/**
 * Stored passwords: the modular crypt formats, PostgreSQL's SCRAM verifiers and `md5` hashes, and the pbkdf2 and
 * scrypt forms of web frameworks.
 */
export const passwordHash: WindowDetector = {
  kind: 'window',
  dataClass: 'password-hash',
  leastBytes: LEAST_BYTES,
  windows: [
    '?$1$',
    '?$2$',
    '?$5$',
    '?$6$',
    '?$7$',
    '?$y$',
    '$gy$',
    '?$P$',
    '?$H$',
    '$2a$',
    '$2b$',
    '$2x$',
    '$2y$',
    'apr1',
    '$sha',
    '$arg',
    '$scr',
    '$bcr',
    'bkdf',
    'cryp',
    'CRAM',
    '?md5',
  ],
  confirms: confirmsHash,
  finds: findsHash,
};

function confirmsHash(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  if (standsAt(bytes, start, end, at - 2, 'md5')) {
    return bytes[at + 1] === DOLLAR || runEnd(bytes, at + 1, Math.min(end, at + 33), HEX) === at + 33;
  }
  if (standsAt(bytes, start, end, at - 3, 'CRAM')) return scramEnd(bytes, start, end, at - 4) > 0;
  if (standsAt(bytes, start, end, at - 3, 'bkdf')) return standsAt(bytes, start, end, at - 4, 'pbkdf2');
  if (standsAt(bytes, start, end, at - 3, 'cryp')) return standsAt(bytes, start, end, at - 4, 'scrypt:');
  return hashRunEnd(bytes, at + 1, Math.min(end, at + 9), true) === at + 9;
}

function findsHash(bytes: Uint8Array, start: number, end: number, at: number, found: Spans): void {
  if (found.passed(at)) return;
  // What the window is of stands at its end, so the hash begins a few bytes before.
  for (let from = Math.max(start, at - BEFORE_WINDOW); from <= at; from += 1) {
    const hashEnd = hashAt(bytes, start, end, from);
    if (hashEnd === 0) continue;
    found.add(from, hashEnd);
    return;
  }
}

/** The end of the stored password that begins at `at`, or 0. */
function hashAt(bytes: Uint8Array, start: number, end: number, at: number): number {
  switch (bytes[at] ?? 0) {
    case DOLLAR:
      return cryptEnd(bytes, end, at);
    case 0x53: // S
      return scramEnd(bytes, start, end, at);
    case 0x6d: // m
      return md5End(bytes, start, end, at);
    case 0x70: // p
    case 0x73: // s
      return frameworkEnd(bytes, start, end, at);
    default:
      return 0;
  }
}

function cryptEnd(bytes: Uint8Array, end: number, at: number): number {
  if (
    !schemes.some(
      (scheme) => standsAt(bytes, at, end, at + 1, scheme) && bytes[at + 1 + scheme.length] === DOLLAR,
    )
  )
    return 0;
  return longEnough(at, hashRunEnd(bytes, at, end, false));
}

/** `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`: pg_authid.rolpassword, RFC 5803. */
function scramEnd(bytes: Uint8Array, start: number, end: number, at: number): number {
  if (!standsAt(bytes, start, end, at, 'SCRAM-SHA-')) return 0;
  const dollar = runEnd(bytes, at + 10, end, DIGIT);
  return bytes[dollar] === DOLLAR && dollar < end ? longEnough(at, hashRunEnd(bytes, dollar, end, true)) : 0;
}

/** `md5` and 32 hexadecimal digits: PostgreSQL's older verifier. */
function md5End(bytes: Uint8Array, start: number, end: number, at: number): number {
  if (!standsAt(bytes, start, end, at, 'md5') || hasClass(bytes, start, end, at - 1, LETTER | DIGIT))
    return 0;
  const hexEnd = runEnd(bytes, at + 3, end, HEX);
  return hexEnd - at === 35 && !hasClass(bytes, start, end, hexEnd, LETTER) ? hexEnd : 0;
}

/** `pbkdf2_sha256$…$…$…`, `pbkdf2:sha256:…$…$…`, `scrypt:…$…$…`. */
function frameworkEnd(bytes: Uint8Array, start: number, end: number, at: number): number {
  if (!standsAt(bytes, start, end, at, 'pbkdf2') && !standsAt(bytes, start, end, at, 'scrypt:')) return 0;
  // The parameters before the first dollar sign are short; without this bound, repeated names would cost their square.
  const firstDollar = seek(bytes, at, Math.min(end, at + PARAMETER_BYTES), '$');
  const hashEnd = hashRunEnd(bytes, at, firstDollar < 0 ? at : end, true);
  if (hashEnd - at < 40 || firstDollar >= hashEnd) return 0;
  return seek(bytes, firstDollar + 1, hashEnd, '$') > 0 ? hashEnd : 0;
}

/** The end of a run of hash characters; a comma only inside a list of parameters such as `m=65536,t=3`. */
function hashRunEnd(bytes: Uint8Array, at: number, end: number, colons: boolean): number {
  let i = at;
  while (i < end) {
    const byte = bytes[i] as number;
    const parameter = byte === COMMA && bytes[i + 2] === EQUALS && hasClass(bytes, at, end, i + 1, LETTER);
    if (((byteClass[byte] as number) & CRYPT) === 0 && !(colons && byte === COLON) && !parameter) break;
    i += 1;
  }
  return i;
}

function longEnough(start: number, end: number): number {
  return end - start >= LEAST_BYTES ? end : 0;
}
