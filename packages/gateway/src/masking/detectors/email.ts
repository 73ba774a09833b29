import { byteClass, DOMAIN, EMAIL_LOCAL, hasClass, LETTER, runEnd, runStart } from './byte-class.ts';
import type { ByteDetector } from './detector.ts';

const AT = 0x40;
const APOSTROPHE = 0x27;
const DOT = 0x2e;
const DASH = 0x2d;

/** E-mail addresses: a local part, `@`, and a domain with a dot before two letters (RFC 5321 section 4.1.2). */
export const email: ByteDetector = {
  kind: 'byte',
  byte: AT,
  dataClass: 'email',
  leastBytes: 6,
  confirms: isAddress,
  finds(bytes, start, end, at, found) {
    if (!isAddress(bytes, start, end, at)) return;
    let from = runStart(bytes, at, start, EMAIL_LOCAL);
    // Quoted in SQL or a shell, not a name that begins so.
    while (from < at && bytes[from] === APOSTROPHE) from += 1;
    if (from === at) return;
    let to = runEnd(bytes, at + 1, end, DOMAIN);
    while (bytes[to - 1] === DOT || bytes[to - 1] === DASH) to -= 1;
    found.add(from, to);
  },
};

/** Whether the `@` at `at` has a local part before it and a domain with a dot after it. */
function isAddress(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  if (!hasClass(bytes, start, end, at - 1, EMAIL_LOCAL)) return false;
  for (let i = at + 1; i < end; i += 1) {
    const byte = bytes[i] as number;
    if (byte === DOT && i > at + 1 && isName(bytes, end, i + 1) && isName(bytes, end, i + 2)) return true;
    if (((byteClass[byte] as number) & DOMAIN) === 0) return false;
  }
  return false;
}

/** A letter, or a byte of a letter outside ASCII. */
function isName(bytes: Uint8Array, end: number, at: number): boolean {
  if (at >= end) return false;
  const byte = bytes[at] as number;
  return byte >= 0x80 || ((byteClass[byte] as number) & LETTER) !== 0;
}
