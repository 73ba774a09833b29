import type { Detector, Span } from './detectors/detector.ts';

/** One detector's place in the text: its next value, found once and kept until it is passed. */
interface Cursor {
  readonly detector: Detector;
  readonly span: Span;
  live: boolean;
}

/** Replaces values in bytes [start, end); see `Mask.scrub`. */
export type Scrub = (bytes: Buffer, start: number, end: number, from: number) => Buffer | null;

/**
 * Compiles detectors into a scrub: it returns what is to be shown from `from` on, or null when that is the bytes as
 * they are. What stands in [start, from) was shown already and is only read as context.
 * Where values overlap, everything any of them covers is hidden, so that no order of detectors leaves a rest.
 */
export function compileScrub(
  detectors: readonly Detector[],
  placeholder: (dataClass: string) => Buffer,
): Scrub {
  // Used again by each call: a scrub never waits, so no two are under way at once.
  const cursors = detectors.map(
    (detector): Cursor => ({ detector, span: { start: 0, end: 0 }, live: false }),
  );
  return (bytes, start, end, from) => {
    for (const cursor of cursors) {
      cursor.live = end - start >= cursor.detector.leastBytes;
      advance(cursor, bytes, start, end, start);
    }
    const parts: Uint8Array[] = [];
    let shown = from;
    for (let first = earliest(cursors); first !== null; first = earliest(cursors)) {
      const hidden = placeholder(first.detector.dataClass);
      const hiddenFrom = first.span.start;
      const hiddenTo = passOverlapping(cursors, bytes, start, end, first.span.end);
      if (hiddenTo <= from) continue;
      // The whole of it, as in a column of addresses: nothing to put together.
      if (hiddenFrom <= from && hiddenTo === end) return hidden;
      if (hiddenFrom > shown) parts.push(bytes.subarray(shown, hiddenFrom));
      parts.push(hidden);
      shown = hiddenTo;
    }
    if (parts.length === 0) return null;
    parts.push(bytes.subarray(shown, end));
    return Buffer.concat(parts);
  };
}

/** Moves every cursor past what is hidden, which grows while a value begins inside it. Returns where it ends. */
function passOverlapping(
  cursors: readonly Cursor[],
  bytes: Buffer,
  start: number,
  end: number,
  hiddenTo: number,
): number {
  let reach = hiddenTo;
  for (let first = earliest(cursors); first !== null && first.span.start < reach; first = earliest(cursors)) {
    reach = Math.max(reach, first.span.end);
    advance(first, bytes, start, end, first.span.end);
  }
  return reach;
}

function earliest(cursors: readonly Cursor[]): Cursor | null {
  let first: Cursor | null = null;
  for (const cursor of cursors) {
    if (cursor.live && (first === null || cursor.span.start < first.span.start)) first = cursor;
  }
  return first;
}

function advance(cursor: Cursor, bytes: Buffer, start: number, end: number, from: number): void {
  cursor.live = cursor.live && cursor.detector.find(bytes, start, end, from, cursor.span);
}
