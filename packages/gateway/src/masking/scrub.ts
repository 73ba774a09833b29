import type { Detector } from './detectors/detector.ts';
import { compileScan } from './detectors/scan.ts';
import { Spans } from './detectors/spans.ts';

export interface Scrub {
  /** See `Mask.suspects`. */
  suspects(bytes: Buffer, start: number, end: number): boolean;
  /**
   * What is to be shown of bytes [start, end) from `from` on, or null when that is the bytes as they are. What stands in
   * [start, from) was shown already and is only read as context.
   */
  scrub(bytes: Buffer, start: number, end: number, from: number): Buffer | null;
}

/**
 * Compiles detectors into a scrub. Where values overlap, everything any of them covers is hidden, so that no order of
 * detectors leaves a rest.
 */
export function compileScrub(detectors: readonly Detector[], placeholder: Buffer): Scrub {
  const { suspects, finds } = compileScan(detectors);
  // Used again by each call: a scrub never waits, so no two are under way at once.
  const found = new Spans();
  return {
    suspects,
    scrub(bytes, start, end, from) {
      finds(bytes, start, end, found);
      return hide(bytes, end, from, found, placeholder);
    },
  };
}

function hide(bytes: Buffer, end: number, from: number, found: Spans, placeholder: Buffer): Buffer | null {
  const count = found.merge();
  let first = 0;
  while (first < count && found.endOf(first) <= from) first += 1;
  if (first === count) return null;
  // The whole of it, as in a column of addresses: nothing to put together.
  if (found.startOf(first) <= from && found.endOf(first) === end) return placeholder;
  let length = end - from;
  for (let i = first; i < count; i += 1)
    length += placeholder.length - (found.endOf(i) - Math.max(from, found.startOf(i)));
  const shown = Buffer.allocUnsafe(length);
  let read = from;
  let written = 0;
  for (let i = first; i < count; i += 1) {
    const hiddenFrom = Math.max(from, found.startOf(i));
    written += bytes.copy(shown, written, read, hiddenFrom);
    written += placeholder.copy(shown, written);
    read = found.endOf(i);
  }
  bytes.copy(shown, written, read, end);
  return shown;
}
