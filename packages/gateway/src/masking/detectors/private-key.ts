import { seek, standsAt } from './byte-class.ts';
import type { WindowDetector } from './detector.ts';

const DASH = 0x2d;
const SPACE = 0x20;
const B = 0x42;
const LEAST_DASHES = 4;
const NEWLINE = 0x0a;
/** Longest line that can open a block, counted from its dashes. */
export const OPENING_BYTES = 96;

/**
 * Private keys in PEM (RFC 7468), OpenSSH, PGP and SSH2 armour: the whole block. One that begins and does not end
 * is taken to the end of the text: it was cut, and the rest may still be key.
 */
export const privateKey: WindowDetector = {
  kind: 'window',
  dataClass: 'private-key',
  leastBytes: 20,
  windows: ['EGIN'],
  confirms: (bytes, start, end, at) => {
    const dash = bytes[at - 5] === SPACE ? at - 6 : at - 5;
    return dash >= start && bytes[dash] === DASH && bytes[at - 4] === B && opensPrivate(bytes, at + 1, end);
  },
  finds(bytes, start, end, at, found) {
    if (found.passed(at)) return;
    const word = at - 4;
    let dashes = bytes[word - 1] === SPACE ? word - 1 : word;
    const last = dashes;
    while (dashes > start && bytes[dashes - 1] === DASH) dashes -= 1;
    if (last - dashes < LEAST_DASHES || bytes[word] !== B || !opensPrivate(bytes, at + 1, end)) return;
    const close = blockEnd(bytes, at + 1, end);
    found.add(dashes, close < 0 ? end : close);
  },
};

/** Where the first block in [from, end) that has no end begins, or −1. */
export function openBlockStart(bytes: Uint8Array, start: number, end: number, from: number): number {
  for (let at = from; ; ) {
    const opening = nextOpening(bytes, start, end, at);
    if (opening < 0) return -1;
    at = blockEnd(bytes, opening, end);
    if (at < 0) return opening;
  }
}

/** Where the next block begins, at its first dash, or −1. */
function nextOpening(bytes: Uint8Array, start: number, end: number, from: number): number {
  for (let at = seek(bytes, from, end, '----'); at >= 0; ) {
    let word = at;
    while (word < end && bytes[word] === DASH) word += 1;
    if (word < end && bytes[word] === SPACE) word += 1;
    if (standsAt(bytes, start, end, word, 'BEGIN') && opensPrivate(bytes, word + 5, end)) return at;
    at = seek(bytes, word, end, '----');
  }
  return -1;
}

/** Whether "PRIVATE" follows on the line that opens a block. */
function opensPrivate(bytes: Uint8Array, at: number, end: number): boolean {
  const limit = Math.min(end, at + OPENING_BYTES);
  for (let i = at; i < limit && bytes[i] !== NEWLINE && bytes[i] !== DASH; i += 1) {
    if (bytes[i] === 0x50 && standsAt(bytes, at, limit, i, 'PRIVATE')) return true;
  }
  return false;
}

/** Where a block ends, at or after `at`: after the dashes of its END line; −1 when it does not. */
export function blockEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = seek(bytes, at, end, 'END'); i >= 0; i = seek(bytes, i + 3, end, 'END')) {
    const dash = bytes[i - 1] === SPACE ? i - 2 : i - 1;
    if (dash <= at || bytes[dash] !== DASH || bytes[dash - 1] !== DASH) continue;
    const limit = Math.min(end, i + OPENING_BYTES);
    let close = i;
    while (close < limit && bytes[close] !== DASH) close += 1;
    if (close === limit) continue;
    while (close < end && bytes[close] === DASH) close += 1;
    return close;
  }
  return -1;
}
