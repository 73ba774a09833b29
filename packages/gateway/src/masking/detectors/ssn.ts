import { DIGIT, hasClass } from './byte-class.ts';
import type { NumberDetector } from './detector.ts';

const DASH = 0x2d;
const ZERO = 0x30;
const BYTES = 11;

/** United States Social Security numbers, ddd-dd-dddd, with an area, group and serial that can have been issued. */
export const ssn: NumberDetector = {
  kind: 'number',
  dataClass: 'ssn',
  leastBytes: BYTES,
  leastRun: BYTES,
  leastDigits: 9,
  confirms(bytes, start, end, low, high) {
    for (let at = low + 3; at + 8 <= high; at += 1) if (isNumberAt(bytes, start, end, at)) return true;
    return false;
  },
  finds(bytes, start, end, low, high, found) {
    for (let at = low + 3; at + 8 <= high; at += 1) {
      if (!isNumberAt(bytes, start, end, at)) continue;
      const first = at - 3;
      if (joinsDigits(bytes, start, end, first - 1, -1) || joinsDigits(bytes, start, end, at + 8, 1))
        continue;
      found.add(first, at + 8);
    }
  },
};

/** Whether a number stands around `at`, its first dash, whatever stands before and after it. */
function isNumberAt(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  if (bytes[at] !== DASH || bytes[at + 3] !== DASH || at - 3 < start || at + 8 > end) return false;
  for (let i = at - 3; i < at + 8; i += 1) {
    if (i !== at && i !== at + 3 && !hasClass(bytes, start, end, i, DIGIT)) return false;
  }
  const area = digit(bytes, at - 3) * 100 + digit(bytes, at - 2) * 10 + digit(bytes, at - 1);
  const group = digit(bytes, at + 1) * 10 + digit(bytes, at + 2);
  const noSerial =
    bytes[at + 4] === ZERO && bytes[at + 5] === ZERO && bytes[at + 6] === ZERO && bytes[at + 7] === ZERO;
  return area !== 0 && area !== 666 && area < 900 && group !== 0 && !noSerial;
}

/** Whether more of a longer digit string follows in this direction: a digit, or a dash and a digit. */
function joinsDigits(bytes: Uint8Array, start: number, end: number, at: number, step: number): boolean {
  if (hasClass(bytes, start, end, at, DIGIT)) return true;
  return at >= start && at < end && bytes[at] === DASH && hasClass(bytes, start, end, at + step, DIGIT);
}

function digit(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) - ZERO;
}
