import { byteClass, DIGIT, HEX, hasClass, LETTER } from './byte-class.ts';

const DOT = 0x2e;

/** Whether the digits that begin at `at` belong to something longer: a decimal fraction, or a hexadecimal token. */
export function continuesNumber(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  if (at - 1 < start) return false;
  const before = bytes[at - 1] as number;
  if (before === DOT) return hasClass(bytes, start, end, at - 2, DIGIT);
  return isHexToken(bytes, start, end, at - 1, -1);
}

/** Whether the digits that end before `at` belong to nothing longer. */
export function endsNumber(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  if (at >= end) return true;
  const after = bytes[at] as number;
  if (((byteClass[after] as number) & DIGIT) !== 0) return false;
  if (after === DOT) return !hasClass(bytes, start, end, at + 1, DIGIT);
  return !isHexToken(bytes, start, end, at, 1);
}

/** Whether the letters next to the digits look like the rest of a hexadecimal string rather than of a word. */
function isHexToken(bytes: Uint8Array, start: number, end: number, at: number, step: number): boolean {
  if (!hasClass(bytes, start, end, at, LETTER)) return false;
  for (let i = at, seen = 0; seen < 4; i += step, seen += 1) {
    if (hasClass(bytes, start, end, i, HEX)) continue;
    return !hasClass(bytes, start, end, i, LETTER);
  }
  return true;
}
