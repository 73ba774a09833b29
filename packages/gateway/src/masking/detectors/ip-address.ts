import { isIP } from 'node:net';
import { ALPHANUMERIC, byteClass, DIGIT, HEX, hasClass, runStart } from './byte-class.ts';
import type { ByteDetector, WindowDetector } from './detector.ts';
import type { Spans } from './spans.ts';

const DOT = 0x2e;
const COLON = 0x3a;
const LONGEST_V4 = 15;
/** Eight groups of four, the last two written as an IPv4 address. */
const LONGEST_V6 = 45;

/**
 * IPv4 addresses in dotted form. Off by default: versions look the same, and addresses are what many operators ask
 * about.
 */
export const ipv4: WindowDetector = {
  kind: 'window',
  dataClass: 'ip-address',
  leastBytes: 7,
  windows: ['?#.#'],
  confirms: (bytes, _start, end, at) => dotsFollow(bytes, at, end),
  finds(bytes, start, end, at, found) {
    if (!dotsFollow(bytes, at, end)) return;
    const from = runStart(bytes, at - 1, Math.max(start, at - 4), DIGIT);
    let to = at;
    while (to < end && to - from <= LONGEST_V4 && isDotted(bytes[to] as number)) to += 1;
    while (to > from && bytes[to - 1] === DOT) to -= 1;
    addWhole(bytes, start, end, from, to, found);
  },
};

/** IPv6 addresses (RFC 4291 section 2.2) with a digit in them, as `::` and `abc::def` are more often something else. */
export const ipv6: ByteDetector = {
  kind: 'byte',
  byte: COLON,
  dataClass: 'ip-address',
  leastBytes: 3,
  confirms: (bytes, start, end, at) =>
    colonNear(bytes, Math.max(start, at - 5), at) || colonNear(bytes, at + 1, Math.min(end, at + 6)),
  finds(bytes, start, end, at, found) {
    if (found.passed(at) || !colonNear(bytes, at + 1, Math.min(end, at + 6))) return;
    const from = runStart(bytes, at, Math.max(start, at - 4), HEX);
    let to = at;
    let digit = from < at && hasDigit(bytes, from, at);
    for (; to < end && to - from <= LONGEST_V6; to += 1) {
      const byte = bytes[to] as number;
      if (byte !== COLON && byte !== DOT && ((byteClass[byte] as number) & HEX) === 0) break;
      digit ||= ((byteClass[byte] as number) & DIGIT) !== 0;
    }
    while (to > from && bytes[to - 1] === DOT) to -= 1;
    if (digit) addWhole(bytes, start, end, from, to, found);
  },
};

/** Adds [from, to) when it is an address and no part of a longer word or number. */
function addWhole(
  bytes: Uint8Array,
  start: number,
  end: number,
  from: number,
  to: number,
  found: Spans,
): void {
  if (hasClass(bytes, start, end, to, ALPHANUMERIC) || hasClass(bytes, start, end, from - 1, ALPHANUMERIC))
    return;
  if (from > start && (bytes[from - 1] === DOT || bytes[from - 1] === COLON)) return;
  if (isIP(Buffer.from(bytes.subarray(from, to)).toString('latin1')) !== 0) found.add(from, to);
}

function isDotted(byte: number): boolean {
  return byte === DOT || ((byteClass[byte] as number) & DIGIT) !== 0;
}

/** Whether two more dots follow the digit at `at` as close as in an address. */
function dotsFollow(bytes: Uint8Array, at: number, end: number): boolean {
  let dots = 0;
  for (let i = at; i < end && i < at + LONGEST_V4 - 2 && isDotted(bytes[i] as number); i += 1) {
    if (bytes[i] === DOT) dots += 1;
  }
  return dots >= 2;
}

function colonNear(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (bytes[i] === COLON) return true;
  return false;
}

function hasDigit(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1)
    if (((byteClass[bytes[i] as number] as number) & DIGIT) !== 0) return true;
  return false;
}
