import { byteClass, DIGIT, DIGITISH, hasClass } from './byte-class.ts';
import type { Detector } from './detector.ts';
import { email, isAddress } from './email.ts';
import { isCardLike, paymentCard } from './payment-card.ts';
import { isNumberAt, ssn } from './ssn.ts';

const AT = 0x40;
const DASH = 0x2d;
const SPACE = 0x20;
/** The shortest number found is an SSN of 11 bytes, so every eleventh byte meets every one. */
const NUMBER_STRIDE = 11;
/** How far after one `@` the next is looked for by a loop. */
const NEAR_BYTES = 96;
const WINDOW = 4;
/** From this size on a DataView pays for itself: it reads a pair at once. */
const VIEW_BYTES = 512;
/** From this size on the native search for a byte is faster than a loop, its call included. */
const NATIVE_SEARCH_BYTES = 256;

/**
 * Whether any part of bytes [start, end) could be a value that one of the detectors finds. Never false when one is:
 * so no rule about what stands around a value applies here, since in raw frames a length byte may stand there.
 */
export type Suspicion = (bytes: Buffer, start: number, end: number) => boolean;

/** Compiles what these detectors suspect into at most three passes, of which two skip most bytes. */
export function compileSuspicion(detectors: readonly Detector[]): Suspicion {
  const addresses = detectors.includes(email);
  const cards = detectors.includes(paymentCard);
  const ssns = detectors.includes(ssn);
  const literals = compileWindows(detectors);
  return (bytes, start, end) =>
    (addresses && suspectsAddress(bytes, start, end)) ||
    ((cards || ssns) && suspectsNumber(bytes, start, end, cards, ssns)) ||
    (literals !== null && suspectsLiteral(literals, bytes, start, end));
}

function suspectsAddress(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < NATIVE_SEARCH_BYTES) return addressIn(bytes, start, end, start, end);
  const range = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
  const { length } = range;
  for (let at = range.indexOf(AT); at >= 0; at = range.indexOf(AT, at)) {
    // Where one is, more are: the next ones are cheaper found without a native call for each.
    const near = Math.min(length, at + NEAR_BYTES);
    if (addressIn(range, 0, length, at, near)) return true;
    at = near;
  }
  return false;
}

/** Whether an address of the text [start, end) has its `@` in [from, to). */
function addressIn(bytes: Uint8Array, start: number, end: number, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (bytes[i] === AT && isAddress(bytes, start, end, i)) return true;
  return false;
}

function suspectsNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
  cards: boolean,
  ssns: boolean,
): boolean {
  let probe = start + NUMBER_STRIDE - 1;
  while (probe < end) {
    const flags = byteClass[bytes[probe] as number] as number;
    if ((flags & DIGITISH) === 0 || ((flags & DIGIT) === 0 && !separates(bytes, start, end, probe))) {
      probe += NUMBER_STRIDE;
      continue;
    }
    let low = probe;
    while (low > start && ((byteClass[bytes[low - 1] as number] as number) & DIGITISH) !== 0) low -= 1;
    let digits = 0;
    let high = low;
    for (; high < end; high += 1) {
      const byte = bytes[high] as number;
      if (byte >= 0x30 && byte <= 0x39) digits += 1;
      else if (byte === DASH) {
        if (
          ssns &&
          bytes[high + 3] === DASH &&
          isDigit(bytes[high + 6]) &&
          isNumberAt(bytes, start, end, high)
        )
          return true;
      } else if (byte !== SPACE) break;
    }
    if (cards && digits >= 13 && runHoldsCard(bytes, low, high)) return true;
    probe = high + NUMBER_STRIDE;
  }
  return false;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Whether the byte at `at` stands between two digits, as every separator inside a number does. */
function separates(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  return hasClass(bytes, start, end, at - 1, DIGIT) && hasClass(bytes, start, end, at + 1, DIGIT);
}

function runHoldsCard(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i + 13 <= end; i += 1) {
    if ((bytes[i] as number) > DASH && isCardLike(bytes, i, end)) return true;
  }
  return false;
}

/**
 * Windows of four bytes, three pairs of bytes each. Looking at every third pair meets every window once, without one
 * step having to wait for the last as a shift table would (the pairs are those of Wu and Manber, 1994).
 */
interface Windows {
  /** By pair: whether it is the last (1), middle (2) or first (4) of a window. */
  readonly pairs: Uint8Array;
  /** By the last three bytes: windows to compare exactly. */
  readonly byTail: ReadonlyMap<number, readonly { readonly first: number; readonly detector: Detector }[]>;
}

const LAST_PAIR = 1;
const MIDDLE_PAIR = 2;
const FIRST_PAIR = 4;

function compileWindows(detectors: readonly Detector[]): Windows | null {
  const pairs = new Uint8Array(0x10000);
  const byTail = new Map<number, { first: number; detector: Detector }[]>();
  for (const detector of detectors) {
    for (const window of detector.windows) {
      const [first = 0, second = 0, third = 0, last = 0] = Buffer.from(window);
      const anyFirst = window.startsWith('?');
      for (let byte = 0; byte < 256; byte += 1) {
        if (anyFirst || byte === first) addPair(pairs, byte, second, FIRST_PAIR);
      }
      addPair(pairs, second, third, MIDDLE_PAIR);
      addPair(pairs, third, last, LAST_PAIR);
      const tail = (second << 16) | (third << 8) | last;
      byTail.set(tail, [...(byTail.get(tail) ?? []), { first: anyFirst ? -1 : first, detector }]);
    }
  }
  return byTail.size === 0 ? null : { pairs, byTail };
}

function addPair(pairs: Uint8Array, left: number, right: number, place: number): void {
  const pair = (left << 8) | right;
  pairs[pair] = (pairs[pair] as number) | place;
}

function suspectsLiteral(windows: Windows, bytes: Buffer, start: number, end: number): boolean {
  const { pairs } = windows;
  // A window may begin one byte before the text, with the byte that may be anything: its middle pair is the first here.
  let at = start + 1;
  if (end - start >= VIEW_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const last = end - 12; at < last; at += 12) {
      const places =
        (pairs[view.getUint16(at - 1)] as number) |
        (pairs[view.getUint16(at + 2)] as number) |
        (pairs[view.getUint16(at + 5)] as number) |
        (pairs[view.getUint16(at + 8)] as number);
      if (places !== 0 && anySuspects(windows, bytes, start, end, at, at + 12)) return true;
    }
  }
  return anySuspects(windows, bytes, start, end, at, end);
}

/** The same for every third pair that ends in [from, to). */
function anySuspects(
  windows: Windows,
  bytes: Buffer,
  start: number,
  end: number,
  from: number,
  to: number,
): boolean {
  const { pairs } = windows;
  for (let at = from; at < to; at += WINDOW - 1) {
    const places = pairs[((bytes[at - 1] as number) << 8) | (bytes[at] as number)] as number;
    if (places !== 0 && pairSuspects(windows, bytes, start, end, at, places)) return true;
  }
  return false;
}

/** Looks closer at the windows that have the pair that ends at `at` in one of these places. */
function pairSuspects(
  windows: Windows,
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
  places: number,
): boolean {
  return (
    ((places & LAST_PAIR) !== 0 && windowConfirmed(windows, bytes, start, end, at)) ||
    ((places & MIDDLE_PAIR) !== 0 && windowConfirmed(windows, bytes, start, end, at + 1)) ||
    ((places & FIRST_PAIR) !== 0 && windowConfirmed(windows, bytes, start, end, at + 2))
  );
}

function windowConfirmed(
  windows: Windows,
  bytes: Uint8Array,
  start: number,
  end: number,
  last: number,
): boolean {
  if (last - 2 < start || last >= end) return false;
  const pair = ((bytes[last - 1] as number) << 8) | (bytes[last] as number);
  if (((windows.pairs[pair] as number) & LAST_PAIR) === 0) return false;
  const candidates = windows.byTail.get(((bytes[last - 2] as number) << 16) | pair);
  if (candidates === undefined) return false;
  for (const { first, detector } of candidates) {
    const matches = first < 0 || (last - 3 >= start && bytes[last - 3] === first);
    if (matches && detector.confirms(bytes, start, end, last)) return true;
  }
  return false;
}
