import type { ByteDetector, Detector, NumberDetector, TextDetector, WindowDetector } from './detector.ts';
import { compileNumbers, scanNumbers } from './numbers.ts';
import type { Spans } from './spans.ts';
import { compileWindows, scanWindows } from './windows.ts';

/** How far after one anchor byte the next is looked for by a loop. */
const NEAR_BYTES = 96;
/** From this size on the native search for a byte is faster than a loop, its call included. */
const NATIVE_SEARCH_BYTES = 256;

/**
 * A detector and its number. It gets `found` to add to; with null it is only asked whether any part of the bytes could
 * be a value.
 */
export interface Turn<Kind extends Detector = Detector> {
  readonly detector: Kind;
  readonly finder: number;
}

export interface Scan {
  /** Whether any part of bytes [start, end) could be a value. Never false when one is, also in raw frames. */
  suspects(bytes: Buffer, start: number, end: number): boolean;
  /** Puts every value in bytes [start, end) into `found`. */
  finds(bytes: Buffer, start: number, end: number, found: Spans): void;
}

/**
 * Compiles detectors into one look at a text: at the anchors that values cannot be without, found by at most three
 * passes that skip most bytes, and from there only at what stands around an anchor.
 */
export function compileScan(detectors: readonly Detector[]): Scan {
  const turns = detectors.map((detector, finder) => ({ detector, finder }));
  const ofKind = <Kind extends Detector>(kind: Kind['kind']) =>
    turns.filter((turn): turn is Turn<Kind> => turn.detector.kind === kind);
  const texts = ofKind<TextDetector>('text');
  const bytewise = ofKind<ByteDetector>('byte');
  const numbers = compileNumbers(ofKind<NumberDetector>('number'));
  const windows = compileWindows(ofKind<WindowDetector>('window'));
  const scan = (bytes: Buffer, start: number, end: number, found: Spans | null): boolean => {
    for (const turn of bytewise) if (scanByte(turn, bytes, start, end, found)) return true;
    if (numbers !== null && scanNumbers(numbers, bytes, start, end, found)) return true;
    return windows !== null && scanWindows(windows, bytes, start, end, found);
  };
  const least = Math.min(...detectors.map(({ leastBytes }) => leastBytes));
  return {
    suspects: (bytes, start, end) =>
      end - start >= least &&
      (scan(bytes, start, end, null) || texts.some(({ detector }) => detector.confirms(bytes, start, end))),
    finds: (bytes, start, end, found) => {
      found.clear(turns.length);
      if (end - start < least) return;
      scan(bytes, start, end, found);
      for (const { detector, finder } of texts) {
        found.turnOf(finder);
        detector.finds(bytes, start, end, found);
      }
    },
  };
}

function scanByte(
  turn: Turn<ByteDetector>,
  bytes: Buffer,
  start: number,
  end: number,
  found: Spans | null,
): boolean {
  const { byte } = turn.detector;
  if (end - start < NATIVE_SEARCH_BYTES) return byteIn(turn, bytes, start, end, start, end, found);
  const range = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
  for (let near = 0, at = range.indexOf(byte); at >= 0; at = range.indexOf(byte, near)) {
    // Where one is, more are: the next ones are cheaper found without a native call for each.
    near = Math.min(range.length, at + NEAR_BYTES);
    if (byteIn(turn, bytes, start, end, start + at, start + near, found)) return true;
  }
  return false;
}

/** The same for anchors in [from, to). */
function byteIn(
  { detector, finder }: Turn<ByteDetector>,
  bytes: Uint8Array,
  start: number,
  end: number,
  from: number,
  to: number,
  found: Spans | null,
): boolean {
  const { byte } = detector;
  for (let at = from; at < to; at += 1) {
    if (bytes[at] !== byte) continue;
    if (found === null) {
      if (detector.confirms(bytes, start, end, at)) return true;
    } else {
      found.turnOf(finder);
      detector.finds(bytes, start, end, at, found);
    }
  }
  return false;
}
