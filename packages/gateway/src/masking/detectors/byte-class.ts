/** Which bytes may appear where, as bit flags: one table lookup answers every detector. */
export const DIGIT = 1;
/** A digit, or what may stand between two digits of a card number: space or dash. */
export const DIGITISH = 2;
/** RFC 5322 atext and the dot, without `{ | } =` and the backtick, which delimit values in arrays, JSON and logs. */
export const EMAIL_LOCAL = 4;
/** A letter, digit, dash or dot of a domain name; bytes of internationalised names too. */
export const DOMAIN = 8;
/** base64url without padding (RFC 4648 section 5). */
export const BASE64URL = 16;
/** base64 without padding (RFC 4648 section 4). */
export const BASE64 = 32;
/** What the modular crypt formats are made of after their first `$`, the comma excepted. */
export const CRYPT = 64;
export const HEX = 128;
/** ASCII letters. */
export const LETTER = 256;
/** Upper-case letters and digits: AWS access key ids. */
export const KEY_ID = 512;

/** Both may be asked for at once. */
export const ALPHANUMERIC: number = LETTER | DIGIT;

/** The flags of every byte value. */
export const byteClass: Uint16Array = buildTable();

function buildTable(): Uint16Array {
  const table = new Uint16Array(256);
  const add = (chars: string, flags: number): void => {
    for (const char of chars) {
      const code = char.charCodeAt(0);
      table[code] = (table[code] ?? 0) | flags;
    }
  };
  const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const lower = upper.toLowerCase();
  const alphanumeric = EMAIL_LOCAL | DOMAIN | BASE64URL | BASE64 | CRYPT;
  add(upper, alphanumeric | LETTER | KEY_ID);
  add(lower, alphanumeric | LETTER);
  add('0123456789', alphanumeric | DIGIT | DIGITISH | HEX | KEY_ID);
  add('abcdefABCDEF', HEX);
  add(' -', DIGITISH);
  add("!#$%&'*+/?^_~.-", EMAIL_LOCAL);
  add('.-', DOMAIN);
  add('-_', BASE64URL);
  add('+/', BASE64);
  add('./+=$_-', CRYPT);
  for (let code = 0x80; code < 0x100; code += 1) table[code] = EMAIL_LOCAL | DOMAIN;
  return table;
}

/** Whether the byte at `at` has one of these flags; false outside [start, end). */
export function hasClass(bytes: Uint8Array, start: number, end: number, at: number, flags: number): boolean {
  return at >= start && at < end && ((byteClass[bytes[at] as number] as number) & flags) !== 0;
}

/** The end of the run of bytes with one of these flags that begins at `at`. */
export function runEnd(bytes: Uint8Array, at: number, end: number, flags: number): number {
  let i = at;
  while (i < end && ((byteClass[bytes[i] as number] as number) & flags) !== 0) i += 1;
  return i;
}

/** The start of the run of bytes with one of these flags that ends before `at`. */
export function runStart(bytes: Uint8Array, at: number, start: number, flags: number): number {
  let i = at;
  while (i > start && ((byteClass[bytes[i - 1] as number] as number) & flags) !== 0) i -= 1;
  return i;
}

/** Whether the ASCII text `literal` stands at `at`, whole, inside [start, end). */
export function standsAt(
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
  literal: string,
): boolean {
  if (at < start || at + literal.length > end) return false;
  for (let i = 0; i < literal.length; i += 1) {
    if (bytes[at + i] !== literal.charCodeAt(i)) return false;
  }
  return true;
}

/** Where `literal` first stands at or after `at`, or −1. Its first byte should be rare. */
export function seek(bytes: Uint8Array, at: number, end: number, literal: string): number {
  const first = literal.charCodeAt(0);
  const last = end - literal.length;
  for (let i = at; i <= last; i += 1) {
    if (bytes[i] === first && standsAt(bytes, at, end, i, literal)) return i;
  }
  return -1;
}
