import { byteClass, DOMAIN, EMAIL_LOCAL, hasClass, LETTER, runEnd, runStart } from './byte-class.ts';
import type { Detector, Span } from './detector.ts';

const AT = 0x40;
const APOSTROPHE = 0x27;
const DOT = 0x2e;
const DASH = 0x2d;

/** E-mail addresses: a local part, `@`, and a domain with a dot before two letters (RFC 5321 section 4.1.2). */
export const email: Detector = {
  dataClass: 'email',
  leastBytes: 6,
  windows: [],
  confirms: (bytes, start, end, at) => isAddress(bytes, start, end, at),
  find: findEmail,
};

function findEmail(bytes: Uint8Array, start: number, end: number, from: number, span: Span): boolean {
  for (let at = from + 1; at < end; at += 1) {
    if (bytes[at] !== AT || !isAddress(bytes, start, end, at)) continue;
    span.start = runStart(bytes, at, from, EMAIL_LOCAL);
    // Quoted in SQL or a shell, not a name that begins so.
    while (span.start < at - 1 && bytes[span.start] === APOSTROPHE) span.start += 1;
    if (span.start === at) continue;
    let domainEnd = runEnd(bytes, at + 1, end, DOMAIN);
    while (bytes[domainEnd - 1] === DOT || bytes[domainEnd - 1] === DASH) domainEnd -= 1;
    span.end = domainEnd;
    return true;
  }
  return false;
}

/** Whether the `@` at `at` has a local part before it and a domain with a dot after it. */
export function isAddress(bytes: Uint8Array, start: number, end: number, at: number): boolean {
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
