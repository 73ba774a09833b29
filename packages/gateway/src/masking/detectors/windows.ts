import type { WindowDetector } from './detector.ts';
import type { Turn } from './scan.ts';
import type { Spans } from './spans.ts';

const WINDOW = 4;
/** From this size on a DataView pays for itself: it reads a pair at once. */
const VIEW_BYTES = 512;

/**
 * Windows of four bytes, three pairs of bytes each. Looking at every third pair meets every window once, without one
 * step having to wait for the last as a shift table would (the pairs are those of Wu and Manber, 1994).
 */
export interface Windows {
  /** By pair: whether it is the last (1), middle (2) or first (4) of a window. */
  readonly pairs: Uint8Array;
  /** By the last three bytes: windows to compare exactly; −1 is any first byte. */
  readonly byTail: ReadonlyMap<number, readonly Candidate[]>;
}

interface Candidate extends Turn<WindowDetector> {
  readonly first: number;
}

const LAST_PAIR = 1;
const MIDDLE_PAIR = 2;
const FIRST_PAIR = 4;
const ZERO = 0x30;

export function compileWindows(turns: readonly Turn<WindowDetector>[]): Windows | null {
  const pairs = new Uint8Array(0x10000);
  const byTail = new Map<number, Candidate[]>();
  for (const turn of turns) {
    for (const [first, second, third, last] of turn.detector.windows.flatMap(spelledOut)) {
      for (let byte = 0; byte < 256; byte += 1) {
        if (first < 0 || byte === first) addPair(pairs, byte, second, FIRST_PAIR);
      }
      addPair(pairs, second, third, MIDDLE_PAIR);
      addPair(pairs, third, last, LAST_PAIR);
      const tail = (second << 16) | (third << 8) | last;
      const candidates = byTail.get(tail) ?? [];
      if (!candidates.some((other) => other.finder === turn.finder && other.first === first))
        candidates.push({ ...turn, first });
      byTail.set(tail, candidates);
    }
  }
  return byTail.size === 0 ? null : { pairs, byTail };
}

type Window = readonly [first: number, second: number, third: number, last: number];

/** Every window that one with `#` or `?` in it stands for. */
function spelledOut(window: string | Uint8Array): readonly Window[] {
  if (typeof window !== 'string') {
    const [first = 0, second = 0, third = 0, last = 0] = window;
    return [[first, second, third, last]];
  }
  const choices = Array.from(window, (char, place) => {
    if (char === '?' && place === 0) return [-1];
    if (char === '?') return Array.from({ length: 256 }, (_, byte) => byte);
    if (char === '#') return Array.from({ length: 10 }, (_, digit) => ZERO + digit);
    return [char.charCodeAt(0)];
  });
  if (choices.length !== WINDOW) throw new RangeError(`"${window}" is no window of ${WINDOW} bytes`);
  const [firsts = [], seconds = [], thirds = [], lasts = []] = choices;
  return firsts.flatMap((first) =>
    seconds.flatMap((second) =>
      thirds.flatMap((third) => lasts.map((last): Window => [first, second, third, last])),
    ),
  );
}

function addPair(pairs: Uint8Array, left: number, right: number, place: number): void {
  const pair = (left << 8) | right;
  pairs[pair] = (pairs[pair] as number) | place;
}

export function scanWindows(
  windows: Windows,
  bytes: Buffer,
  start: number,
  end: number,
  found: Spans | null,
): boolean {
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
      if (places !== 0 && scanPairs(windows, bytes, start, end, at, at + 12, found)) return true;
    }
  }
  return scanPairs(windows, bytes, start, end, at, end, found);
}

/** The same for every third pair that ends in [from, to). */
function scanPairs(
  windows: Windows,
  bytes: Buffer,
  start: number,
  end: number,
  from: number,
  to: number,
  found: Spans | null,
): boolean {
  const { pairs } = windows;
  for (let at = from; at < to; at += WINDOW - 1) {
    const places = pairs[pairAt(bytes, at)] as number;
    if (places === 0) continue;
    // A pair is common; the one beside it, in its place, hardly ever stands there by chance.
    const holds =
      ((places & LAST_PAIR) !== 0 &&
        ((pairs[pairAt(bytes, at - 1)] as number) & MIDDLE_PAIR) !== 0 &&
        windowHolds(windows, bytes, start, end, at, found)) ||
      ((places & MIDDLE_PAIR) !== 0 &&
        ((pairs[pairAt(bytes, at + 1)] as number) & LAST_PAIR) !== 0 &&
        windowHolds(windows, bytes, start, end, at + 1, found)) ||
      ((places & FIRST_PAIR) !== 0 &&
        ((pairs[pairAt(bytes, at + 1)] as number) & MIDDLE_PAIR) !== 0 &&
        windowHolds(windows, bytes, start, end, at + 2, found));
    if (holds) return true;
  }
  return false;
}

/** The pair that ends at `at`. */
function pairAt(bytes: Buffer, at: number): number {
  return ((bytes[at - 1] as number) << 8) | (bytes[at] as number);
}

/** Shows the window whose last byte is at `last` to the detectors it means something to. */
function windowHolds(
  { pairs, byTail }: Windows,
  bytes: Uint8Array,
  start: number,
  end: number,
  last: number,
  found: Spans | null,
): boolean {
  if (last - 2 < start || last >= end) return false;
  const middle = ((bytes[last - 2] as number) << 8) | (bytes[last - 1] as number);
  if (((pairs[middle] as number) & MIDDLE_PAIR) === 0) return false;
  const pair = ((bytes[last - 1] as number) << 8) | (bytes[last] as number);
  if (((pairs[pair] as number) & LAST_PAIR) === 0) return false;
  const candidates = byTail.get((middle << 8) | (bytes[last] as number));
  if (candidates === undefined) return false;
  for (const { first, detector, finder } of candidates) {
    if (first >= 0 && (last - 3 < start || bytes[last - 3] !== first)) continue;
    if (found === null) {
      if (detector.confirms(bytes, start, end, last)) return true;
    } else {
      found.turnOf(finder);
      detector.finds(bytes, start, end, last, found);
    }
  }
  return false;
}
