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
  const parts: Uint8Array[] = [];
  let shown = from;
  for (let i = 0; i < count; i += 1) {
    const hiddenTo = found.endOf(i);
    if (hiddenTo <= from) continue;
    const hiddenFrom = found.startOf(i);
    // The whole of it, as in a column of addresses: nothing to put together.
    if (hiddenFrom <= from && hiddenTo === end) return placeholder;
    if (hiddenFrom > shown) parts.push(bytes.subarray(shown, hiddenFrom));
    parts.push(placeholder);
    shown = hiddenTo;
  }
  if (parts.length === 0) return null;
  parts.push(bytes.subarray(shown, end));
  return Buffer.concat(parts);
}
