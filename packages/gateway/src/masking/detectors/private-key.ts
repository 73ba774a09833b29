import { seek, standsAt } from './byte-class.ts';
import type { Detector, Span } from './detector.ts';

const DASH = 0x2d;
const NEWLINE = 0x0a;
/** Longest line that can open a block, counted from its dashes. */
export const OPENING_BYTES = 96;

/**
 * Private keys in PEM (RFC 7468), OpenSSH, PGP and SSH2 armour: the whole block. One that begins and does not end
 * is taken to the end of the text: it was cut, and the rest may still be key.
 */
export const privateKey: Detector = {
  dataClass: 'private-key',
  leastBytes: 20,
  windows: ['EGIN'],
  confirms: (bytes, start, end, at) => {
    const dash = bytes[at - 5] === 0x20 ? at - 6 : at - 5;
    return (
      dash >= start && bytes[dash] === DASH && bytes[at - 4] === 0x42 && opensPrivate(bytes, at + 1, end)
    );
  },
  find: findBlock,
};

function findBlock(bytes: Uint8Array, start: number, end: number, from: number, span: Span): boolean {
  const opening = openingEnd(bytes, start, end, from, span);
  if (opening < 0) return false;
  const close = blockEnd(bytes, opening, end);
  span.end = close < 0 ? end : close;
  return true;
}

/** Where the first block in [from, end) that has no end begins, or −1. */
export function openBlockStart(bytes: Uint8Array, start: number, end: number, from: number): number {
  const span: Span = { start: 0, end: from };
  while (true) {
    const opening = openingEnd(bytes, start, end, span.end, span);
    if (opening < 0) return -1;
    span.end = blockEnd(bytes, opening, end);
    if (span.end < 0) return span.start;
  }
}

/** Puts where the next block begins in `span`, and returns where its BEGIN ends; −1 when none begins. */
function openingEnd(bytes: Uint8Array, start: number, end: number, from: number, span: Span): number {
  for (let at = seek(bytes, from, end, '----'); at >= 0; ) {
    let word = at;
    while (word < end && bytes[word] === DASH) word += 1;
    if (word < end && bytes[word] === 0x20) word += 1;
    if (standsAt(bytes, start, end, word, 'BEGIN') && opensPrivate(bytes, word + 5, end)) {
      span.start = at;
      return word + 5;
    }
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
    const dash = bytes[i - 1] === 0x20 ? i - 2 : i - 1;
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
