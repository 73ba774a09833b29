import { byteClass, DIGIT, DIGITISH } from './byte-class.ts';
import type { Detector } from './detector.ts';
import { email, isAddress } from './email.ts';
import { isCardLike, paymentCard } from './payment-card.ts';
import { isNumberAt, ssn } from './ssn.ts';

const AT = 0x40;
const DASH = 0x2d;
/** The shortest number found is an SSN of 11 bytes, so every eleventh byte meets every one. */
const NUMBER_STRIDE = 11;
const WINDOW = 4;
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
  if (end - start < NATIVE_SEARCH_BYTES) {
    for (let i = start; i < end; i += 1) if (bytes[i] === AT && isAddress(bytes, start, end, i)) return true;
    return false;
  }
  const range = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
  for (let at = range.indexOf(AT); at >= 0; at = range.indexOf(AT, at + 1)) {
    if (isAddress(range, 0, range.length, at)) return true;
  }
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
    if (((byteClass[bytes[probe] as number] as number) & DIGITISH) === 0) {
      probe += NUMBER_STRIDE;
      continue;
    }
    let low = probe;
    while (low > start && ((byteClass[bytes[low - 1] as number] as number) & DIGITISH) !== 0) low -= 1;
    let high = probe + 1;
    while (high < end && ((byteClass[bytes[high] as number] as number) & DIGITISH) !== 0) high += 1;
    if (high - low >= NUMBER_STRIDE && runSuspects(bytes, low, high, cards, ssns)) return true;
    probe = high + NUMBER_STRIDE;
  }
  return false;
}

/** Whether a run of digits, spaces and dashes holds an SSN or a card number. */
function runSuspects(bytes: Uint8Array, start: number, end: number, cards: boolean, ssns: boolean): boolean {
  let digits = 0;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] as number;
    if (byte === DASH) {
      if (ssns && bytes[i + 3] === DASH && isNumberAt(bytes, start, end, i)) return true;
    } else if (byte !== 0x20) digits += 1;
  }
  if (!cards || digits < 13) return false;
  for (let i = start; i + 13 <= end; i += 1) {
    if (((byteClass[bytes[i] as number] as number) & DIGIT) !== 0 && isCardLike(bytes, i, end)) return true;
  }
  return false;
}

/** Windows as a shift table over pairs of bytes (Wu and Manber, 1994), and as exact values with their detectors. */
interface Windows {
  /** For the last two bytes of a window: how far the next window that could match is; 0 when this one could. */
  readonly shifts: Uint8Array;
  /** By the last three bytes: windows to compare exactly. */
  readonly byTail: ReadonlyMap<number, readonly { readonly first: number; readonly detector: Detector }[]>;
}

function compileWindows(detectors: readonly Detector[]): Windows | null {
  const shifts = new Uint8Array(0x10000).fill(WINDOW - 1);
  const byTail = new Map<number, { first: number; detector: Detector }[]>();
  for (const detector of detectors) {
    for (const window of detector.windows) {
      const codes = Array.from(window, (char) => char.charCodeAt(0));
      const [first = 0, second = 0, third = 0, last = 0] = codes;
      const anyFirst = window.startsWith('?');
      for (let byte = 0; byte < 256; byte += 1) {
        if (anyFirst || byte === first) lower(shifts, (byte << 8) | second, 2);
      }
      lower(shifts, (second << 8) | third, 1);
      lower(shifts, (third << 8) | last, 0);
      const tail = (second << 16) | (third << 8) | last;
      byTail.set(tail, [...(byTail.get(tail) ?? []), { first: anyFirst ? -1 : first, detector }]);
    }
  }
  return byTail.size === 0 ? null : { shifts, byTail };
}

function lower(shifts: Uint8Array, pair: number, shift: number): void {
  shifts[pair] = Math.min(shifts[pair] as number, shift);
}

function suspectsLiteral(windows: Windows, bytes: Uint8Array, start: number, end: number): boolean {
  const { shifts } = windows;
  // A window may begin one byte before the text: that byte is then the one that may be anything.
  let last = start + WINDOW - 2;
  while (last < end) {
    const shift = shifts[((bytes[last - 1] as number) << 8) | (bytes[last] as number)] as number;
    if (shift !== 0) {
      last += shift;
      continue;
    }
    if (windowConfirmed(windows, bytes, start, end, last)) return true;
    last += 1;
  }
  return false;
}

function windowConfirmed(
  windows: Windows,
  bytes: Uint8Array,
  start: number,
  end: number,
  last: number,
): boolean {
  const tail =
    ((bytes[last - 2] as number) << 16) | ((bytes[last - 1] as number) << 8) | (bytes[last] as number);
  const candidates = windows.byTail.get(tail);
  if (candidates === undefined) return false;
  for (const { first, detector } of candidates) {
    const matches = first < 0 || (last - 3 >= start && bytes[last - 3] === first);
    if (matches && detector.confirms(bytes, start, end, last)) return true;
  }
  return false;
}
